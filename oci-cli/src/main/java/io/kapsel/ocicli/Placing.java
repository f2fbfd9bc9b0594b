package io.kapsel.ocicli;

import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.CgroupPlace;
import io.kapsel.runtime.Scope;
import io.kapsel.systemd.ServiceManager;
import io.kapsel.systemd.SystemdException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Where a container's control groups are. */
record Placing(CgroupPlace place, Optional<Scope> scope) {
  private static final String USUAL_SLICE = "system.slice";
  private static final String USERS_SLICE = "user.slice";

  static Placing of(Call call, Spec spec) {
    if (call.systemd()) {
      return inScope(call, spec);
    }
    String path = spec.linux().flatMap(Linux::cgroupsPath).orElse("");
    Path own = Path.of("/proc", Integer.toString(call.caller().pid()), "cgroup");
    Map<String, String> callers = CgroupPlace.own(ProcessFacts.read(own));
    CgroupHost host = call.runtime().facts().cgroups();
    CgroupPlace place = CgroupPlace.of(host, path, call.id(), callers);
    if (call.ungrouped()) {
      return new Placing(place.only(_ -> false), Optional.empty());
    }
    boolean picks = call.rootless() && path.isEmpty();
    Joining joining = new Joining(host, callers);
    return new Placing(
        picks ? place.only(name -> joining.allowed(place, name)) : place, Optional.empty());
  }

  private static Placing inScope(Call call, Spec spec) {
    String path = spec.linux().flatMap(Linux::cgroupsPath).orElse("");
    Scope scope = Scope.of(path, call.id(), Units.ofSystem(call) ? USUAL_SLICE : USERS_SLICE);
    try (ServiceManager manager = Units.manager(call)) {
      CgroupPlace place =
          CgroupPlace.of(call.runtime().facts().cgroups(), scope, manager.controlGroup());
      return new Placing(place, Optional.of(scope));
    } catch (SystemdException e) {
      throw new OciException("" + e.getMessage(), e);
    }
  }

  /** The scope that systemd puts the container's first process into. */
  Optional<Scope> taking() {
    return scope.filter(each -> !each.isSlice());
  }

  /** A slice is there before its processes, which then enter it as any control group. */
  void begin(Call call, Bundle bundle) {
    scope
        .filter(Scope::isSlice)
        .ifPresent(slice -> Units.start(call, slice, bundle, Optional.empty()));
  }

  Optional<String> unit() {
    return scope.map(Scope::unit);
  }

  /** The directories by hierarchy. */
  Map<String, String> groups() {
    Map<String, String> groups = new LinkedHashMap<>();
    place.groups().forEach((name, path) -> groups.put(name, path.toString()));
    return groups;
  }
}
