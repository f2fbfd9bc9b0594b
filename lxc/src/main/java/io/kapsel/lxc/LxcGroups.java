package io.kapsel.lxc;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The keys of control groups, of both versions. */
final class LxcGroups {
  private static final Set<String> USED =
      Set.of(
          "lxc.cgroup.memory.limit_in_bytes",
          "lxc.cgroup.memory.memsw.limit_in_bytes",
          "lxc.cgroup.memory.soft_limit_in_bytes",
          "lxc.cgroup.cpu.shares",
          "lxc.cgroup.cpu.cfs_period_us",
          "lxc.cgroup.cpu.cfs_quota_us",
          "lxc.cgroup.cpuset.cpus",
          "lxc.cgroup.cpuset.mems",
          "lxc.cgroup.pids.max",
          "lxc.cgroup2.memory.max",
          "lxc.cgroup2.memory.swap.max",
          "lxc.cgroup2.memory.low",
          "lxc.cgroup2.cpu.weight",
          "lxc.cgroup2.cpu.max",
          "lxc.cgroup2.cpuset.cpus",
          "lxc.cgroup2.cpuset.mems",
          "lxc.cgroup2.pids.max");

  private static final String PREFIX = "lxc.cgroup";
  private static final String RELATIVE = "lxc.cgroup.relative";

  /** Names of files have the controller before a dot. */
  private static final Pattern FILE = Pattern.compile("(?!dir\\.)[a-z0-9_]+(\\.[A-Za-z0-9_]+)++");

  private static final long MOST_SHARES = 262_144;
  private static final long MOST_WEIGHT = 10_000;

  private LxcGroups() {}

  /** Refuses what the engine would not set. */
  static void check(LxcConfig config) {
    for (LxcConfig.Entry each : config.below("lxc.cgroup")) {
      if (each.key().startsWith("lxc.cgroup.dir")) {
        throw each.wrong("the engine has places of its own for the control groups of containers");
      }
      boolean named = FILE.matcher(file(each)).matches() || each.key().equals(RELATIVE);
      if (!named) {
        throw each.wrong("there is no such file in a control group");
      }
    }
  }

  /** What the engine has no limit of its own for: files that are written when it runs. */
  static List<LxcConfig.Entry> others(LxcConfig config) {
    return config.below(PREFIX).stream()
        .filter(each -> !USED.contains(each.key()))
        .filter(each -> FILE.matcher(file(each)).matches() && !file(each).startsWith("devices."))
        .toList();
  }

  /** The name of the file that a key means. */
  static String file(LxcConfig.Entry entry) {
    String rest = entry.key().substring(PREFIX.length());
    return rest.startsWith("2.") ? rest.substring(2) : rest.substring(1);
  }

  /** In the numbers of version 1, whose middle is 1024 as that of version 2 is 100. */
  static Optional<Long> shares(LxcConfig config) {
    return config
        .value("lxc.cgroup2.cpu.weight")
        .map(Long::valueOf)
        .map(weight -> 2 + (weight - 1) * (MOST_SHARES - 2) / (MOST_WEIGHT - 1))
        .or(() -> config.value("lxc.cgroup.cpu.shares").map(Long::valueOf));
  }
}
