package io.kapsel.cli.command.container;

import io.kapsel.base.ByteSize;
import io.kapsel.base.HexId;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.network.ContainerNetworks;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.EngineException;
import io.kapsel.linux.netlink.Link;
import io.kapsel.runtime.GroupUsage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** {@code kapsel stats}: what containers use, now or again and again. */
public final class StatsCommand implements Command {
  private static final Flag<Boolean> ALL =
      Flag.toggle('a', "all", "Show all containers, not only those that run");
  private static final Flag<Boolean> ONCE =
      Flag.toggle("no-stream", "Show it once, and not again and again");
  private static final Flag<Boolean> WHOLE = Flag.toggle("no-trunc", "Show whole ids");
  private static final String CLEAR = "\033[H\033[J";
  private static final Manual MANUAL =
      new Manual(
          "stats",
          "[OPTIONS] [CONTAINER...]",
          "Display a live stream of container(s) resource usage statistics",
          "",
          FlagSet.of(ALL, ONCE, WHOLE, Listing.FORMAT),
          Operands.atLeast(0));
  private static final Listing LISTING =
      new Listing(
          List.of(
              ".ID", ".Name", ".CPUPerc", ".MemUsage", ".MemPerc", ".NetIO", ".BlockIO", ".PIDs"),
          Map.of(
              "Container", "CONTAINER",
              "ID", "CONTAINER ID",
              "Name", "NAME",
              "CPUPerc", "CPU %",
              "MemUsage", "MEM USAGE / LIMIT",
              "MemPerc", "MEM %",
              "NetIO", "NET I/O",
              "BlockIO", "BLOCK I/O",
              "PIDs", "PIDS"));

  /** What a container had used at a moment. */
  private record Sample(long nanos, GroupUsage usage, long received, long sent) {}

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<String> format = call.arguments().last(Listing.FORMAT);
    Map<String, Sample> before = new HashMap<>();
    chosen(call).forEach(it -> sample(call, it).ifPresent(now -> before.put(it.id(), now)));
    boolean again = !call.arguments().is(ONCE);
    do {
      pause(call);
      List<Struct> rows = new ArrayList<>();
      for (Engine.Container it : chosen(call)) {
        Optional<Sample> now = sample(call, it);
        rows.add(row(call, it, Optional.ofNullable(before.remove(it.id())), now));
        now.ifPresent(sample -> before.put(it.id(), sample));
      }
      String text = LISTING.text(format.orElse("table"), rows);
      call.client().out(again && format.isEmpty() ? CLEAR + text : text);
    } while (again);
    return 0;
  }

  private static void pause(Call call) {
    boolean _ = call.client().waiting(() -> new CountDownLatch(1).await(1, TimeUnit.SECONDS));
  }

  private static List<Engine.Container> chosen(Call call) {
    boolean all = !call.operands().isEmpty() || call.arguments().is(ALL);
    return call.namedOrAll().stream()
        .filter(it -> all || it.status().phase() == Phase.RUNNING)
        .toList();
  }

  private static Optional<Sample> sample(Call call, Engine.Container it) {
    try {
      if (it.status().phase() != Phase.RUNNING) {
        return Optional.empty();
      }
      Collection<Link.Traffic> traffic = ContainerNetworks.traffic(it, call).values();
      return Optional.of(
          new Sample(
              System.nanoTime(),
              it.usage(),
              traffic.stream().mapToLong(Link.Traffic::rxBytes).sum(),
              traffic.stream().mapToLong(Link.Traffic::txBytes).sum()));
    } catch (EngineException.Conflict _) {
      return Optional.empty(); // it has just ended
    }
  }

  private static Struct row(
      Call call, Engine.Container it, Optional<Sample> before, Optional<Sample> now) {
    boolean whole = call.arguments().is(WHOLE);
    Optional<GroupUsage> usage = now.map(Sample::usage);
    long memory = usage.map(GroupUsage::memory).orElse(0L);
    long limit = usage.flatMap(GroupUsage::memoryLimit).orElseGet(() -> now.isEmpty() ? 0 : host());
    GroupUsage.Io io = usage.map(GroupUsage::io).orElse(new GroupUsage.Io(0, 0));
    return new Struct()
        .with("Container", whole ? it.id() : HexId.abbreviate(it.id()))
        .with("ID", whole ? it.id() : HexId.abbreviate(it.id()))
        .with("Name", it.name())
        .with("CPUPerc", percent(processor(before, now)))
        .with("MemUsage", ByteSize.printBinary(memory) + " / " + ByteSize.printBinary(limit))
        .with("MemPerc", percent(limit == 0 ? 0 : 100.0 * memory / limit))
        .with(
            "NetIO",
            ByteSize.printDecimal(now.map(Sample::received).orElse(0L))
                + " / "
                + ByteSize.printDecimal(now.map(Sample::sent).orElse(0L)))
        .with(
            "BlockIO",
            ByteSize.printDecimal(io.read()) + " / " + ByteSize.printDecimal(io.written()))
        .with("PIDs", Long.toString(usage.map(GroupUsage::tasks).orElse(0L)));
  }

  private static double processor(Optional<Sample> before, Optional<Sample> now) {
    if (before.isEmpty() || now.isEmpty()) {
      return 0;
    }
    long used = now.get().usage().cpuNanos() - before.get().usage().cpuNanos();
    long passed = now.get().nanos() - before.get().nanos();
    return passed <= 0 ? 0 : Math.max(0, 100.0 * used / passed);
  }

  private static String percent(double value) {
    return String.format(Locale.ROOT, "%.2f%%", value);
  }

  /** Bytes of memory of the machine. */
  public static long host() {
    try {
      return Files.readAllLines(Path.of("/proc/meminfo")).stream()
          .filter(line -> line.startsWith("MemTotal:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
