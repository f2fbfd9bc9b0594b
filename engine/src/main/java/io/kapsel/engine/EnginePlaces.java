package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.MountRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Where engines keep their layers in a system that runs containers itself: volumes that are made
 * for it alone, since overlayfs writes no layer upon the overlayfs that is its root.
 */
final class EnginePlaces {
  private static final List<String> PLACES =
      List.of("/var/lib/containers", "/var/lib/docker", "/var/lib/kapsel");

  private EnginePlaces() {}

  /** With a volume at each place that is not in a mount already. */
  static ContainerSpec given(ContainerSpec spec) {
    if (!spec.security().nesting()) {
      return spec;
    }
    List<MountRequest> all = new ArrayList<>(spec.mounts());
    PLACES.stream()
        .filter(place -> spec.mounts().stream().noneMatch(each -> covers(each.target(), place)))
        .forEach(place -> all.add(new MountRequest.Volume("", place, false, true, Map.of())));
    return spec.mounted(all);
  }

  private static boolean covers(String target, String place) {
    return place.equals(target) || place.startsWith(target + "/");
  }

  /** With these mounts alone, which nobody has asked for by name. */
  static ContainerSpec alone(ContainerSpec spec) {
    return spec.mounted(
        spec.security().nesting()
            ? spec.mounts().stream().filter(each -> PLACES.contains(each.target())).toList()
            : List.of());
  }
}
