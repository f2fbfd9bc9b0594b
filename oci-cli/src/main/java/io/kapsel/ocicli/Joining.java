package io.kapsel.ocicli;

import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.runtime.CgroupPlace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Which control groups somebody may make and move to who is not root; cgroups(7), "Cgroup
 * delegation": in version 2 also the group that is above both, where he comes from and where he
 * goes, must be his.
 *
 * @param callers his own groups by hierarchy
 */
record Joining(CgroupHost host, Map<String, String> callers) {
  boolean allowed(CgroupPlace place, String hierarchy) {
    Path group = place.group(hierarchy);
    return Files.isWritable(existing(group))
        && (!hierarchy.equals(CgroupPlace.UNIFIED) || movable(group));
  }

  /** Whether a process of the caller's may be moved to a group of version 2. */
  boolean movable(Path group) {
    Path top = host.unified().orElseThrow();
    Path own = top.resolve(callers.getOrDefault(CgroupPlace.UNIFIED, "/").substring(1)).normalize();
    Path common = top;
    for (Path name : top.relativize(group)) {
      if (!own.startsWith(common.resolve(name))) {
        break;
      }
      common = common.resolve(name);
    }
    return Files.isWritable(common.resolve("cgroup.procs"));
  }

  /** What there is of the way to a group. */
  private static Path existing(Path group) {
    Path at = Path.of("/");
    for (Path name : group) {
      if (!Files.isDirectory(at.resolve(name))) {
        break;
      }
      at = at.resolve(name);
    }
    return at;
  }
}
