package io.kapsel.ocicli;

import io.kapsel.base.JsonName;
import io.kapsel.linux.cgroup.GroupFiles;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the kernel says of a container's groups, in the names that readers of events know. */
record Statistics(
    Cpu cpu,
    Cpuset cpuset,
    Memory memory,
    Pids pids,
    BlockIo blkio,
    Map<String, HugePages> hugetlb,
    @JsonName("intel_rdt") IntelRdt intelRdt,
    @JsonName("network_interfaces") List<NetworkInterface> networkInterfaces) {
  private static final long MICROSECOND = 1000;
  private static final long TICK_NANOS = 10_000_000; // USER_HZ is 100 on every architecture here
  private static final BigInteger NO_LIMIT = BigInteger.TWO.pow(Long.SIZE).subtract(BigInteger.ONE);

  /** One line. */
  record Event(String type, String id, Statistics data) {}

  /** Times in nanoseconds. */
  record Cpu(Usage usage, Throttling throttling, Optional<Pressure> psi) {}

  record Usage(long total, List<Long> percpu, long kernel, long user) {}

  record Throttling(long periods, long throttledPeriods, long throttledTime) {}

  /** Sizes in bytes. */
  record Memory(
      long cache,
      Entry usage,
      Entry swap,
      Entry kernel,
      @JsonName("kernelTCP") Entry kernelTcp,
      Map<String, Long> raw,
      Optional<Pressure> psi) {}

  record Entry(BigInteger limit, long usage, long max, long failcnt) {
    static final Entry NONE = new Entry(BigInteger.ZERO, 0, 0, 0);
  }

  /** How long processes waited for something; see Documentation/accounting/psi.rst of Linux. */
  record Pressure(Waiting some, Waiting full) {}

  /** Parts of the time in hundredths, and microseconds in all. */
  record Waiting(double avg10, double avg60, double avg300, long total) {}

  /** Processors and memory nodes; see cpuset(7). */
  record Cpuset(
      List<Integer> cpus,
      @JsonName("cpu_exclusive") long cpuExclusive,
      List<Integer> mems,
      @JsonName("mem_hardwall") long memHardwall,
      @JsonName("mem_exclusive") long memExclusive,
      @JsonName("memory_migrate") long memoryMigrate,
      @JsonName("memory_spread_page") long memorySpreadPage,
      @JsonName("memory_spread_slab") long memorySpreadSlab,
      @JsonName("memory_pressure") long memoryPressure,
      @JsonName("sched_load_balance") long schedLoadBalance,
      @JsonName("sched_relax_domain_level") long schedRelaxDomainLevel) {}

  /** Huge pages of one size, in bytes. */
  record HugePages(long usage, long max, long failcnt) {}

  /** What the container's group in resctrl says. */
  record IntelRdt(
      @JsonName("l3_cache_schema") Optional<String> l3CacheSchema,
      @JsonName("mem_bw_schema") Optional<String> memBwSchema,
      List<String> schemata) {}

  /** An interface of the container's network, in names that Go's JSON gives it. */
  record NetworkInterface(
      @JsonName("Name") String name,
      @JsonName("RxBytes") long rxBytes,
      @JsonName("RxPackets") long rxPackets,
      @JsonName("RxErrors") long rxErrors,
      @JsonName("RxDropped") long rxDropped,
      @JsonName("TxBytes") long txBytes,
      @JsonName("TxPackets") long txPackets,
      @JsonName("TxErrors") long txErrors,
      @JsonName("TxDropped") long txDropped) {}

  record Pids(long current, long limit) {}

  record BlockIo(
      List<Operation> ioServiceBytesRecursive,
      List<Operation> ioServicedRecursive,
      Optional<Pressure> psi) {}

  record Operation(long major, long minor, String op, long value) {}

  static Statistics of(Container container) {
    Groups groups = container.groups();
    return new Statistics(
        cpu(groups),
        OtherStatistics.cpuset(groups),
        memory(groups),
        pids(groups),
        blockIo(groups),
        OtherStatistics.hugePages(groups),
        OtherStatistics.intelRdt(container),
        OtherStatistics.networkInterfaces(container.kept().pid()));
  }

  /** How often the kernel killed one of its processes for want of memory. */
  static long oomKills(Groups groups) {
    Optional<Path> v1 = groups.group("memory");
    Map<String, Long> events =
        v1.map(each -> GroupFiles.table(each.resolve("memory.oom_control")))
            .or(() -> groups.unified().map(each -> GroupFiles.table(each.resolve("memory.events"))))
            .orElse(Map.of());
    return events.getOrDefault("oom_kill", 0L);
  }

  private static Cpu cpu(Groups groups) {
    Optional<Path> accounting = groups.group("cpuacct").or(() -> groups.group("cpu"));
    if (accounting.isEmpty()) {
      Map<String, Long> stat =
          groups.unified().map(each -> GroupFiles.table(each.resolve("cpu.stat"))).orElse(Map.of());
      return new Cpu(
          new Usage(
              stat.getOrDefault("usage_usec", 0L) * MICROSECOND,
              List.of(),
              stat.getOrDefault("system_usec", 0L) * MICROSECOND,
              stat.getOrDefault("user_usec", 0L) * MICROSECOND),
          new Throttling(
              stat.getOrDefault("nr_periods", 0L),
              stat.getOrDefault("nr_throttled", 0L),
              stat.getOrDefault("throttled_usec", 0L) * MICROSECOND),
          OtherStatistics.pressure(groups, "cpu"));
    }
    Path group = accounting.get();
    List<Long> each = new ArrayList<>();
    for (String word : GroupFiles.text(group.resolve("cpuacct.usage_percpu")).split(" ")) {
      if (!word.isEmpty()) {
        each.add(Long.parseLong(word));
      }
    }
    Map<String, Long> ticks = GroupFiles.table(group.resolve("cpuacct.stat"));
    Map<String, Long> stat =
        GroupFiles.table(groups.group("cpu").orElse(group).resolve("cpu.stat"));
    return new Cpu(
        new Usage(
            number(group.resolve("cpuacct.usage")),
            each,
            ticks.getOrDefault("system", 0L) * TICK_NANOS,
            ticks.getOrDefault("user", 0L) * TICK_NANOS),
        new Throttling(
            stat.getOrDefault("nr_periods", 0L),
            stat.getOrDefault("nr_throttled", 0L),
            stat.getOrDefault("throttled_time", 0L)),
        OtherStatistics.pressure(groups, "cpu"));
  }

  private static Memory memory(Groups groups) {
    Optional<Path> v1 = groups.group("memory");
    if (v1.isPresent()) {
      Map<String, Long> raw = GroupFiles.table(v1.get().resolve("memory.stat"));
      return new Memory(
          raw.getOrDefault("total_cache", 0L),
          v1Entry(v1.get(), "memory"),
          v1Entry(v1.get(), "memory.memsw"),
          v1Entry(v1.get(), "memory.kmem"),
          v1Entry(v1.get(), "memory.kmem.tcp"),
          raw,
          OtherStatistics.pressure(groups, "memory"));
    }
    Path group = groups.unified().orElse(Path.of("/nonexistent"));
    Map<String, Long> raw = GroupFiles.table(group.resolve("memory.stat"));
    Map<String, Long> events = GroupFiles.table(group.resolve("memory.events"));
    return new Memory(
        raw.getOrDefault("file", 0L),
        new Entry(
            limit(group.resolve("memory.max")),
            number(group.resolve("memory.current")),
            number(group.resolve("memory.peak")),
            events.getOrDefault("max", 0L)),
        new Entry(
            limit(group.resolve("memory.swap.max")),
            number(group.resolve("memory.swap.current")),
            0,
            0),
        Entry.NONE,
        Entry.NONE,
        raw,
        OtherStatistics.pressure(groups, "memory"));
  }

  private static Entry v1Entry(Path group, String prefix) {
    return new Entry(
        limit(group.resolve(prefix + ".limit_in_bytes")),
        number(group.resolve(prefix + ".usage_in_bytes")),
        number(group.resolve(prefix + ".max_usage_in_bytes")),
        number(group.resolve(prefix + ".failcnt")));
  }

  private static Pids pids(Groups groups) {
    Path group = groups.group("pids").or(groups::unified).orElse(Path.of("/nonexistent"));
    return new Pids(
        number(group.resolve("pids.current")), Math.max(0, number(group.resolve("pids.max"))));
  }

  private static BlockIo blockIo(Groups groups) {
    Optional<Path> v1 = groups.group("blkio");
    if (v1.isPresent()) {
      return new BlockIo(
          v1Operations(v1.get().resolve("blkio.throttle.io_service_bytes_recursive")),
          v1Operations(v1.get().resolve("blkio.throttle.io_serviced_recursive")),
          OtherStatistics.pressure(groups, "io"));
    }
    List<Operation> bytes = new ArrayList<>();
    List<Operation> counts = new ArrayList<>();
    groups
        .unified()
        .map(each -> each.resolve("io.stat"))
        .map(GroupFiles::lines)
        .orElse(List.of())
        .forEach(line -> unifiedOperations(line, bytes, counts));
    return new BlockIo(bytes, counts, OtherStatistics.pressure(groups, "io"));
  }

  private static List<Operation> v1Operations(Path file) {
    List<Operation> all = new ArrayList<>();
    for (String line : GroupFiles.lines(file)) {
      String[] words = line.split("[ :]");
      if (words.length == 4) {
        all.add(
            new Operation(
                Long.parseLong(words[0]),
                Long.parseLong(words[1]),
                words[2],
                Long.parseLong(words[3])));
      }
    }
    return all;
  }

  private static void unifiedOperations(
      String line, List<Operation> bytes, List<Operation> counts) {
    String[] words = line.split("[ :]");
    Map<String, List<Operation>> lists =
        Map.of("rbytes", bytes, "wbytes", bytes, "rios", counts, "wios", counts);
    for (int i = 2; i < words.length; i++) {
      String[] pair = words[i].split("=");
      List<Operation> list = lists.get(pair[0]);
      if (pair.length == 2 && list != null) {
        list.add(
            new Operation(
                Long.parseLong(words[0]),
                Long.parseLong(words[1]),
                pair[0].startsWith("r") ? "Read" : "Write",
                Long.parseLong(pair[1])));
      }
    }
  }

  /** As the kernel writes it, with all bits set for {@code max}. */
  private static BigInteger limit(Path file) {
    String text = GroupFiles.text(file);
    return text.equals("max")
        ? NO_LIMIT
        : text.matches("\\d{1,20}") ? new BigInteger(text) : BigInteger.ZERO;
  }

  /** A file of one number; 0 where there is none, -1 for {@code max}. */
  static long number(Path file) {
    String text = GroupFiles.text(file);
    if (text.equals("max")) {
      return -1;
    }
    return text.matches("\\d{1,19}") ? Long.parseUnsignedLong(text) : 0;
  }
}
