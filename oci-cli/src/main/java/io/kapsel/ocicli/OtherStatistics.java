package io.kapsel.ocicli;

import io.kapsel.linux.cgroup.CgroupException;
import io.kapsel.linux.cgroup.GroupFiles;
import io.kapsel.linux.cgroup.NumberList;
import io.kapsel.oci.Linux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The parts of statistics that are neither time, memory nor block I/O. */
final class OtherStatistics {
  private static final Path NOWHERE = Path.of("/nonexistent");
  private static final Pattern HUGE_PAGES =
      Pattern.compile("hugetlb\\.(\\w+)\\.(?:current|usage_in_bytes)");
  private static final Pattern WAITING =
      Pattern.compile("(some|full) avg10=(\\S+) avg60=(\\S+) avg300=(\\S+) total=(\\d+)");
  private static final int COLUMNS = 16;

  private OtherStatistics() {}

  static Statistics.Cpuset cpuset(Groups groups) {
    Path group = groups.group("cpuset").or(groups::unified).orElse(NOWHERE);
    return new Statistics.Cpuset(
        numbers(group, "cpuset.cpus"),
        Statistics.number(group.resolve("cpuset.cpu_exclusive")),
        numbers(group, "cpuset.mems"),
        Statistics.number(group.resolve("cpuset.mem_hardwall")),
        Statistics.number(group.resolve("cpuset.mem_exclusive")),
        Statistics.number(group.resolve("cpuset.memory_migrate")),
        Statistics.number(group.resolve("cpuset.memory_spread_page")),
        Statistics.number(group.resolve("cpuset.memory_spread_slab")),
        Statistics.number(group.resolve("cpuset.memory_pressure")),
        Statistics.number(group.resolve("cpuset.sched_load_balance")),
        level(group));
  }

  /** A version 2 group may have none of its own; what holds for it is in another file. */
  private static List<Integer> numbers(Path group, String file) {
    String own = GroupFiles.text(group.resolve(file));
    String text = own.isEmpty() ? GroupFiles.text(group.resolve(file + ".effective")) : own;
    try {
      return text.isEmpty()
          ? List.of()
          : NumberList.parse(file, text).ranges().stream()
              .flatMap(range -> IntStream.rangeClosed(range.first(), range.last()).boxed())
              .toList();
    } catch (CgroupException e) {
      return List.of();
    }
  }

  private static long level(Path group) {
    String text = GroupFiles.text(group.resolve("cpuset.sched_relax_domain_level"));
    return text.matches("-?\\d{1,9}") ? Long.parseLong(text) : 0;
  }

  static Map<String, Statistics.HugePages> hugePages(Groups groups) {
    Map<String, Statistics.HugePages> all = new TreeMap<>();
    Path group = groups.group("hugetlb").or(groups::unified).orElse(NOWHERE);
    for (String name : names(group)) {
      Matcher matcher = HUGE_PAGES.matcher(name);
      if (matcher.matches()) {
        String prefix = "hugetlb." + matcher.group(1) + ".";
        all.put(
            matcher.group(1),
            new Statistics.HugePages(
                Statistics.number(group.resolve(name)),
                Statistics.number(group.resolve(prefix + "max_usage_in_bytes")),
                failures(group, prefix)));
      }
    }
    return all;
  }

  private static long failures(Path group, String prefix) {
    for (String line : GroupFiles.lines(group.resolve(prefix + "events"))) {
      if (line.matches("max \\d{1,18}")) {
        return Long.parseLong(line.substring("max ".length()));
      }
    }
    return Statistics.number(group.resolve(prefix + "failcnt"));
  }

  private static List<String> names(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  static Optional<Statistics.Pressure> pressure(Groups groups, String kind) {
    List<String> lines =
        groups
            .unified()
            .map(group -> GroupFiles.lines(group.resolve(kind + ".pressure")))
            .orElse(List.of());
    Map<String, Statistics.Waiting> found = new TreeMap<>();
    for (String line : lines) {
      Matcher matcher = WAITING.matcher(line);
      if (matcher.matches()) {
        found.put(
            matcher.group(1),
            new Statistics.Waiting(
                Double.parseDouble(matcher.group(2)),
                Double.parseDouble(matcher.group(3)),
                Double.parseDouble(matcher.group(4)),
                Long.parseLong(matcher.group(5))));
      }
    }
    Statistics.Waiting none = new Statistics.Waiting(0, 0, 0, 0);
    return found.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Statistics.Pressure(
                found.getOrDefault("some", none), found.getOrDefault("full", none)));
  }

  static Statistics.IntelRdt intelRdt(Container container) {
    List<String> lines =
        container
            .configuration()
            .linux()
            .flatMap(Linux::intelRdt)
            .map(rdt -> Resctrl.usual().group(rdt, container.kept().id()))
            .map(group -> GroupFiles.lines(group.resolve("schemata")))
            .orElse(List.of());
    List<String> schemata = lines.stream().map(String::strip).toList();
    return new Statistics.IntelRdt(
        schemata.stream().filter(line -> line.startsWith("L3")).findFirst(),
        schemata.stream().filter(line -> line.startsWith("MB:")).findFirst(),
        schemata);
  }

  /** Of the network of the container's init; see proc_pid_net(5). */
  static List<Statistics.NetworkInterface> networkInterfaces(int pid) {
    List<Statistics.NetworkInterface> all = new ArrayList<>();
    String text = ProcessFacts.read(Path.of("/proc", Integer.toString(pid), "net/dev"));
    for (String line : text.lines().toList()) {
      int colon = line.indexOf(':');
      String[] words = line.substring(colon + 1).strip().split("\\s+");
      if (colon > 0 && words.length >= COLUMNS) {
        long[] n = Stream.of(words).limit(COLUMNS).mapToLong(Long::parseLong).toArray();
        all.add(
            new Statistics.NetworkInterface(
                line.substring(0, colon).strip(),
                n[0],
                n[1],
                n[2],
                n[3],
                n[8],
                n[9],
                n[10],
                n[11]));
      }
    }
    return all;
  }
}
