package io.kapsel.ocicli;

import io.kapsel.oci.Linux;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.CgroupPlace;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Where a container's control groups are. */
record Placing(CgroupPlace place, Optional<String> unit) {
  static Placing of(Call call, Spec spec) {
    if (call.systemd()) {
      throw new OciException(
          "systemd cgroup flag passed, but systemd support for managing cgroups is not available");
    }
    Path own = Path.of("/proc", Integer.toString(call.caller().pid()), "cgroup");
    return new Placing(
        CgroupPlace.of(
            call.runtime().facts().cgroups(),
            spec.linux().flatMap(Linux::cgroupsPath).orElse(""),
            call.id(),
            CgroupPlace.own(ProcessFacts.read(own))),
        Optional.empty());
  }

  /** The directories by hierarchy. */
  Map<String, String> groups() {
    Map<String, String> groups = new LinkedHashMap<>();
    place.groups().forEach((name, path) -> groups.put(name, path.toString()));
    return groups;
  }
}
