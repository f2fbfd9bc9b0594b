package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.SecurityRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a specification asks of the host. One that comes out of an archive was written by somebody
 * else: it gets none of that unless the caller says so.
 */
final class Trust {
  private Trust() {}

  /** In words; nothing when it asks for no more than any container has. */
  static List<String> asks(ContainerSpec spec) {
    List<String> all = new ArrayList<>();
    if (spec.privileged()) {
      all.add("privileged");
    }
    if (!spec.capAdd().isEmpty()) {
      all.add("capabilities " + String.join(" ", spec.capAdd()));
    }
    if (!spec.security().equals(SecurityRequest.DEFAULT)) {
      all.add("other security options");
    }
    spec.mounts().stream()
        .filter(MountRequest.Bind.class::isInstance)
        .forEach(mount -> all.add("the host's " + ((MountRequest.Bind) mount).source()));
    spec.mounts().stream()
        .filter(MountRequest.Volume.class::isInstance)
        .map(MountRequest.Volume.class::cast)
        .filter(volume -> !volume.name().isEmpty() || !volume.made().isEmpty())
        .forEach(volume -> all.add("the volume " + volume.name()));
    if (spec.logging().isForwarded()) {
      all.add("a log that the host sends on: " + spec.logging().driver());
    }
    spec.devices().forEach(device -> all.add("the device " + device.host()));
    spec.deviceRules().stream()
        .filter(rule -> !rule.denied())
        .forEach(rule -> all.add("devices " + rule));
    if (Stream.of(
            spec.network(), spec.ipc(), spec.pid(), spec.uts(), spec.userns(), spec.cgroupns())
        .anyMatch(mode -> !(mode instanceof NamespaceMode.Own))) {
      all.add("namespaces of the host or of others");
    }
    return all;
  }
}
