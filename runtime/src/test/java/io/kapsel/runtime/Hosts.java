package io.kapsel.runtime;

import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.host.Authority;
import io.kapsel.linux.host.HostFacts;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Hosts for tests of planning. */
final class Hosts {
  private static final Path POINT = Path.of("/sys/fs/cgroup");

  /** A user of the host. */
  static final Authority USER = new Authority(Authority.Kind.USER, 1000, 1000, false, 1, false);

  /** Root of a user namespace with the ids of a system container. */
  static final Authority NAMESPACE_ROOT =
      new Authority(Authority.Kind.NAMESPACE_ROOT, 1000, 1000, true, 65_536, true);

  private Hosts() {}

  /** A system container that runs containers. */
  static HostFacts nested() {
    return current().as(NAMESPACE_ROOT);
  }

  static HostFacts current() {
    return facts(6, 18, unified());
  }

  static HostFacts beforeDetachedLayers() {
    return facts(6, 1, unified());
  }

  static HostFacts hybrid() {
    return facts(6, 18, new CgroupHost(Optional.of(POINT.resolve("unified")), Set.of(), v1()));
  }

  static HostFacts onlyVersionOne() {
    return facts(5, 19, new CgroupHost(Optional.empty(), Set.of(), v1()));
  }

  static HostFacts withHugePages() {
    Map<String, Path> all = v1();
    all.put("hugetlb", POINT.resolve("hugetlb"));
    return facts(5, 19, new CgroupHost(Optional.empty(), Set.of(), all));
  }

  static HostFacts withoutUserNamespaces() {
    HostFacts all = current();
    return new HostFacts(6, 18, all.cgroups(), 0, false, false, 40, 2, all.bounding(), Map.of());
  }

  private static CgroupHost unified() {
    return new CgroupHost(
        Optional.of(POINT), Set.of("cpu", "cpuset", "memory", "io", "pids"), Map.of());
  }

  private static Map<String, Path> v1() {
    Map<String, Path> all = new HashMap<>();
    for (String name : Set.of("cpu", "cpuset", "memory", "devices", "freezer", "blkio", "pids")) {
      all.put(name, POINT.resolve(name));
    }
    return all;
  }

  private static HostFacts facts(int major, int minor, CgroupHost cgroups) {
    return new HostFacts(
        major,
        minor,
        cgroups,
        100_000,
        false,
        false,
        40,
        2,
        CapabilitySet.ALL.minus(CapabilitySet.of(Capability.SYS_RESOURCE)),
        Map.of("nofile", 524_288L));
  }
}
