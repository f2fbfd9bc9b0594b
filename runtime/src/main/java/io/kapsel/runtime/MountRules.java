package io.kapsel.runtime;

import io.kapsel.oci.Mount;
import java.nio.file.Path;
import java.util.Set;

/** Which mounts are refused whoever asks for them. */
final class MountRules {
  private static final Set<String> KERNEL = Set.of("proc", "sysfs", "cgroup", "cgroup2");

  /** What runtimes have always let others put into /proc. */
  private static final Set<String> WITHIN_PROC =
      Set.of(
          "/proc/cpuinfo",
          "/proc/diskstats",
          "/proc/meminfo",
          "/proc/stat",
          "/proc/swaps",
          "/proc/uptime",
          "/proc/loadavg",
          "/proc/slabinfo",
          "/proc/sys/kernel/ns_last_pid",
          "/proc/sys/crypto/fips_enabled");

  private MountRules() {}

  /** Whether the type shows the kernel itself. */
  static boolean showsTheKernel(String type) {
    return KERNEL.contains(type);
  }

  /** Refuses what would hide the kernel's own view of processes, and what nobody can carry out. */
  static void check(Mount mount, MountOptions options) {
    String place = Path.of(mount.destination()).normalize().toString();
    if (place.equals("/")) {
      throw refuse("a mount cannot cover the root itself: '" + mount.destination() + "'");
    }
    if (Path.of(mount.destination()).startsWith("/..") || mount.destination().contains("/../")) {
      throw refuse("mount destination '" + mount.destination() + "' has '..' in it");
    }
    if (place.startsWith("/proc/") && !WITHIN_PROC.contains(place)) {
      throw refuse("'" + place + "' cannot be mounted because it is inside /proc");
    }
    if (options.bind() && mount.source().filter(text -> !text.isEmpty()).isEmpty()) {
      throw refuse("the bind mount at '" + mount.destination() + "' has no source");
    }
    if (!options.bind() && mount.type().filter(text -> !text.isEmpty()).isEmpty()) {
      throw refuse("the mount at '" + mount.destination() + "' has no type");
    }
    if (options.data().contains("remount")) {
      throw refuse("mount option 'remount' at '" + mount.destination() + "' has nothing to change");
    }
    if (!options.bind() && options.idMap() != MountOptions.IdMap.NONE) {
      throw refuse("only a bind mount can be idmapped, not '" + mount.destination() + "'");
    }
  }

  private static LaunchException refuse(String why) {
    return new LaunchException(LaunchException.Kind.REFUSED, why);
  }
}
