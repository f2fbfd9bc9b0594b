package io.kapsel.runtime;

import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Resources;
import io.kapsel.oci.Spec;
import io.kapsel.systemd.Annotations;
import io.kapsel.systemd.UnitProperty;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Everything that a container's unit is made with. Pure. */
public final class ScopeProperties {
  private ScopeProperties() {}

  /**
   * All but the process that it begins with.
   *
   * @param version of systemd
   * @param drivers the names of devices' drivers, as {@link #drivers} finds them
   */
  public static List<UnitProperty> of(
      Scope scope, Bundle bundle, HostFacts facts, int version, Map<String, String> drivers) {
    Spec spec = bundle.spec();
    List<UnitProperty> all = new ArrayList<>();
    all.add(UnitProperty.of("Description", "kapsel container " + bundle.id()));
    if (scope.isSlice()) {
      all.add(UnitProperty.of("Wants", List.of(scope.slice())));
    } else {
      all.add(UnitProperty.of("Slice", scope.slice()));
      all.add(UnitProperty.of("Delegate", true));
    }
    boolean v2 = facts.cgroups().mode() == CgroupHost.Mode.V2;
    for (String what : List.of("Memory", "CPU", v2 ? "IO" : "BlockIO", "Tasks")) {
      all.add(UnitProperty.of(what + "Accounting", true));
    }
    all.add(UnitProperty.of("DefaultDependencies", false));
    all.addAll(new ScopeDevices(drivers).of(new Wanted(bundle, facts).deviceRules()));
    all.addAll(limits(resources(spec), facts, version));
    List<UnitProperty> own = Annotations.properties(spec.annotations());
    all.removeIf(each -> own.stream().anyMatch(mine -> mine.name().equals(each.name())));
    all.addAll(own);
    return List.copyOf(all);
  }

  private static Resources resources(Spec spec) {
    return spec.linux().flatMap(Linux::resources).orElse(Resources.none());
  }

  /** What of it an {@code update} may change. */
  public static List<UnitProperty> limits(Resources resources, HostFacts facts, int version) {
    return ScopeLimits.of(resources, facts.cgroups(), version);
  }

  /** The names of drivers in /proc/devices. */
  public static Map<String, String> drivers(String procDevices) {
    return ScopeDevices.drivers(procDevices);
  }
}
