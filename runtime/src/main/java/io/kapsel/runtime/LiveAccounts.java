package io.kapsel.runtime;

import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.cgroup.GroupFiles;
import io.kapsel.runtime.Account.Unit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the control groups of a running container count, in whichever version they are. */
final class LiveAccounts {
  private static final long NANOS_A_MICROSECOND = 1000;

  private final CgroupHost host;
  private final LiveGroups groups;

  LiveAccounts(CgroupHost host, LiveGroups groups) {
    this.host = host;
    this.groups = groups;
  }

  private Optional<Path> group(String controller) {
    return host.onUnified(controller) ? groups.unified() : groups.v1(controller);
  }

  List<Account> all() {
    List<Account> all = new ArrayList<>();
    group("memory").ifPresent(group -> all.addAll(memory(group)));
    group("pids").ifPresent(group -> all.add(tasks(group)));
    all.add(cpu());
    all.add(openFiles());
    all.add(locks());
    return all;
  }

  private List<Account> memory(Path group) {
    return host.onUnified("memory") ? unifiedMemory(group) : legacyMemory(group);
  }

  private static List<Account> unifiedMemory(Path group) {
    Path events = group.resolve("memory.events");
    Path stat = group.resolve("memory.stat");
    return List.of(
        bytes(
            "memory",
            number(group, "memory.current"),
            number(group, "memory.peak"),
            number(group, "memory.max"),
            entry(events, "max")),
        bytes(
            "swap",
            number(group, "memory.swap.current"),
            number(group, "memory.swap.peak"),
            number(group, "memory.swap.max"),
            entry(group.resolve("memory.swap.events"), "fail")),
        held("kmem", entry(stat, "kernel")),
        held("tcp", entry(stat, "sock")),
        kills(entry(events, "oom_kill")));
  }

  private static List<Account> legacyMemory(Path group) {
    List<Account> all = new ArrayList<>();
    all.add(legacy(group, "memory", "memory."));
    if (Files.exists(group.resolve("memory.memsw.usage_in_bytes"))) {
      all.add(legacy(group, "memory+swap", "memory.memsw."));
    }
    all.add(legacy(group, "kmem", "memory.kmem."));
    all.add(legacy(group, "tcp", "memory.kmem.tcp."));
    all.add(kills(entry(group.resolve("memory.oom_control"), "oom_kill")));
    return all;
  }

  private static Account legacy(Path group, String resource, String prefix) {
    return bytes(
        resource,
        number(group, prefix + "usage_in_bytes"),
        number(group, prefix + "max_usage_in_bytes"),
        number(group, prefix + "limit_in_bytes"),
        number(group, prefix + "failcnt"));
  }

  private static Account bytes(
      String resource,
      Optional<Long> held,
      Optional<Long> most,
      Optional<Long> limit,
      Optional<Long> failures) {
    return new Account(
        resource, Unit.BYTES, held, most, limit.filter(it -> it < LiveGroups.NO_LIMIT), failures);
  }

  private static Account held(String resource, Optional<Long> held) {
    return bytes(resource, held, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** Who was killed has failed. */
  private static Account kills(Optional<Long> count) {
    return new Account(
        "oomkill", Unit.COUNT, Optional.empty(), Optional.empty(), Optional.empty(), count);
  }

  private Account tasks(Path group) {
    return new Account(
        "tasks",
        Unit.COUNT,
        number(group, "pids.current"),
        number(group, "pids.peak"),
        number(group, "pids.max"),
        refusedTasks(group));
  }

  /** Until Linux 6.11 they are counted where somebody forked, and not where the limit is. */
  private Optional<Long> refusedTasks(Path group) {
    if (!host.onUnified("pids") || Files.exists(group.resolve("pids.events.local"))) {
      return entry(group.resolve("pids.events"), "max");
    }
    return GroupFiles.tree(group).stream()
        .map(each -> entry(each.resolve("pids.events"), "max"))
        .flatMap(Optional::stream)
        .reduce(Long::sum);
  }

  /** The limit is what it may use in a second. */
  private Account cpu() {
    Optional<Path> group = group("cpu");
    return new Account(
        "cpu",
        Unit.MICROSECONDS,
        Optional.of(groups.cpuNanos() / NANOS_A_MICROSECOND),
        Optional.empty(),
        group.flatMap(LiveAccounts::aSecond),
        group.flatMap(each -> entry(each.resolve("cpu.stat"), "nr_throttled")));
  }

  private static Optional<Long> aSecond(Path group) {
    String[] words = GroupFiles.text(group.resolve("cpu.max")).split(" ", -1);
    Optional<Long> quota = words.length == 2 ? parsed(words[0]) : number(group, "cpu.cfs_quota_us");
    Optional<Long> period =
        words.length == 2 ? parsed(words[1]) : number(group, "cpu.cfs_period_us");
    return quota.flatMap(most -> period.filter(it -> it > 0).map(it -> most * 1_000_000 / it));
  }

  /** Those that are open; each process has a limit of its own, and nobody counts failures. */
  private Account openFiles() {
    long open = 0;
    for (int pid : groups.processes()) {
      try (Stream<Path> files = Files.list(Path.of("/proc", Integer.toString(pid), "fd"))) {
        open += files.count();
      } catch (IOException e) {
        // it has ended
      }
    }
    return counted("files", open);
  }

  private Account locks() {
    Set<String> pids =
        groups.processes().stream().map(Object::toString).collect(Collectors.toSet());
    long count =
        GroupFiles.lines(Path.of("/proc/locks")).stream()
            .map(line -> line.strip().split("\\s+", -1))
            .filter(words -> words.length > 4 && pids.contains(words[4]))
            .count();
    return counted("locks", count);
  }

  private static Account counted(String resource, long count) {
    return new Account(
        resource,
        Unit.COUNT,
        Optional.of(count),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private static Optional<Long> number(Path group, String file) {
    return parsed(GroupFiles.text(group.resolve(file)));
  }

  private static Optional<Long> parsed(String text) {
    return text.matches("\\d{1,19}")
        ? Optional.of(Long.parseUnsignedLong(text)).map(it -> it < 0 ? Long.MAX_VALUE : it)
        : Optional.empty();
  }

  private static Optional<Long> entry(Path file, String key) {
    return Optional.ofNullable(GroupFiles.table(file).get(key));
  }
}
