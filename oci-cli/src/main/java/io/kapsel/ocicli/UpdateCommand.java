package io.kapsel.ocicli;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.ByteSize;
import io.kapsel.base.Json;
import io.kapsel.linux.cgroup.CgroupWrite;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Resources;
import io.kapsel.oci.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code update}: changes the limits of a container. */
final class UpdateCommand implements Command {
  private static final List<String> MEMORY = List.of("memory", "memory-reservation", "memory-swap");
  private static final List<String> CPU =
      List.of(
          "cpu-share",
          "cpu-quota",
          "cpu-burst",
          "cpu-period",
          "cpu-rt-runtime",
          "cpu-rt-period",
          "cpuset-cpus",
          "cpuset-mems",
          "cpu-idle");

  @Override
  public String name() {
    return "update";
  }

  @Override
  public String operands() {
    return "<container-id>";
  }

  @Override
  public String meaning() {
    return "change the limits of a container";
  }

  @Override
  public Arity arity() {
    return Arity.ONE;
  }

  @Override
  public List<Option> options() {
    return List.of(
        Option.of("resources, r", "FILE", "the limits as JSON, - for standard input"),
        Option.of("blkio-weight", "WEIGHT", "weight of block I/O, 10 to 1000"),
        Option.of("cpu-period", "MICROSECONDS", "period of the processor quota"),
        Option.of("cpu-quota", "MICROSECONDS", "processor time in a period"),
        Option.of("cpu-burst", "MICROSECONDS", "processor time that may be saved up"),
        Option.of("cpu-share", "SHARES", "share of processors against others"),
        Option.of("cpu-rt-period", "MICROSECONDS", "period of real-time processes"),
        Option.of("cpu-rt-runtime", "MICROSECONDS", "time of real-time processes"),
        Option.of("cpuset-cpus", "LIST", "which processors"),
        Option.of("cpuset-mems", "LIST", "which memory nodes"),
        Option.of("cpu-idle", "0|1", "only when nothing else wants to run"),
        Option.of("memory", "BYTES", "limit of memory"),
        Option.of("memory-reservation", "BYTES", "soft limit of memory"),
        Option.of("memory-swap", "BYTES", "limit of memory and swap together, -1: none"),
        Option.of("pids-limit", "N", "number of processes"),
        Option.of(Resctrl.CACHE, "SCHEMA", "share of the cache, such as L3:0=ff;1=c0"),
        Option.of(Resctrl.BANDWIDTH, "SCHEMA", "share of memory bandwidth, such as MB:0=20"));
  }

  @Override
  public int run(Call call) {
    Container container = call.store().find(call.id());
    if (container.status() == Status.STOPPED) {
      throw new OciException("container not running");
    }
    Resources wanted =
        call.words().text("resources").map(each -> read(call, each)).orElseGet(() -> flags(call));
    Spec spec = container.configuration();
    Resctrl resctrl = Resctrl.usual();
    Optional<Linux.IntelRdt> rdt = resctrl.wanted(call.words(), spec);
    Update update =
        Update.of(spec.linux().flatMap(Linux::resources).orElseGet(Resources::none), wanted);
    List<CgroupWrite> writes = call.runtime().limits(update.changed());
    container.kept().unit().ifPresent(unit -> Units.change(call, unit, update.changed()));
    apply(container.groups(), writes);
    rdt.ifPresent(it -> resctrl.write(it, container.kept().id()));
    container.keep(Resctrl.applied(update.applied(spec), rdt).toJson());
    return 0;
  }

  private static Resources read(Call call, String name) {
    Path file =
        name.equals("-")
            ? Path.of("/proc", Integer.toString(call.caller().pid()), "fd", "0")
            : call.places().of(name);
    try {
      return Json.read(Files.readAllBytes(file), Resources.class);
    } catch (IOException e) {
      throw new OciException("open " + name + ": " + AtomicFile.reason(e), e);
    }
  }

  private static Resources flags(Call call) {
    Words words = call.words();
    Resources none = Resources.none();
    return new Resources(
        none.devices(),
        named(
            words,
            MEMORY,
            new Resources.Memory(
                size(words, "memory"),
                size(words, "memory-reservation"),
                size(words, "memory-swap"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty())),
        named(
            words,
            CPU,
            new Resources.Cpu(
                number(words, "cpu-share"),
                number(words, "cpu-quota"),
                number(words, "cpu-burst"),
                number(words, "cpu-period"),
                number(words, "cpu-rt-runtime"),
                number(words, "cpu-rt-period"),
                words.text("cpuset-cpus"),
                words.text("cpuset-mems"),
                number(words, "cpu-idle"))),
        number(words, "pids-limit").map(each -> new Resources.Pids(Optional.of(each))),
        number(words, "blkio-weight")
            .map(each ->
                new Resources.BlockIo(
                    Optional.of(Math.toIntExact(each)),
                    Optional.empty(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of())),
        none.hugepageLimits(),
        none.network(),
        none.rdma(),
        none.unified());
  }

  private static <T> Optional<T> named(Words words, List<String> flags, T part) {
    return flags.stream().anyMatch(each -> words.text(each).isPresent())
        ? Optional.of(part)
        : Optional.empty();
  }

  private static Optional<Long> number(Words words, String name) {
    return words
        .text(name)
        .map(text -> {
          if (!text.matches("-?\\d{1,18}")) {
            throw new OciException("invalid value for " + name + ": " + text);
          }
          return Long.parseLong(text);
        });
  }

  private static Optional<Long> size(Words words, String name) {
    return words
        .text(name)
        .map(text -> {
          try {
            return text.equals("-1") ? -1L : ByteSize.parse(text);
          } catch (IllegalArgumentException e) {
            throw new OciException("invalid value for " + name + ": " + text, e);
          }
        });
  }

  /** One limit may have to make room for another, so what fails is tried once more at the end. */
  private static void apply(Groups groups, List<CgroupWrite> writes) {
    List<CgroupWrite> failed = new ArrayList<>();
    for (CgroupWrite write : writes) {
      try {
        apply(groups, write);
      } catch (OciException e) {
        failed.add(write);
      }
    }
    failed.forEach(write -> apply(groups, write));
  }

  private static void apply(Groups groups, CgroupWrite write) {
    String name = Map.of("io", "blkio").getOrDefault(write.controller(), write.controller());
    Path group =
        groups
            .group(name)
            .or(groups::unified)
            .orElseThrow(() ->
                new OciException("the container has no cgroup for '" + write.controller() + "'"));
    Groups.write(group.resolve(write.file()), write.value());
  }
}
