package io.kapsel.lxc;

import io.kapsel.engine.spec.Care;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.DeviceRequest;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.engine.spec.RestartPolicy;
import io.kapsel.network.Port;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A container that was another system's: from now on it is the engine's alone. This gathers what is
 * said of it that LXC has no words for.
 */
final class Adopted {
  private static final String LABEL = "io.kapsel.adopted";

  private final List<DeviceRequest> devices = new ArrayList<>();
  final List<Port> ports = new ArrayList<>();
  final List<String> servers = new ArrayList<>();
  final List<String> domains = new ArrayList<>();
  final List<String> capabilities = new ArrayList<>();
  final List<String> intercepted = new ArrayList<>();
  boolean nesting;
  boolean starts;
  int startDelay;
  Optional<Long> startOrder = Optional.empty();
  Optional<Long> snapshotEvery = Optional.empty();
  Optional<Long> snapshotKeep = Optional.empty();

  /** A device of the host, by its own name below /dev. */
  void device(Path host, String inside, String access) {
    if (!inside.matches("/dev/[^/]+")) {
      throw new IllegalArgumentException(
          "a device is named directly below /dev, not '%s'; give it by --device %s:/dev/NAME"
              .formatted(inside, host));
    }
    devices.add(new DeviceRequest(host, inside, access));
  }

  /** Without the configuration that it had: that is not read again. */
  ContainerSpec of(ContainerSpec spec, Path from) {
    ContainerSpecBuilder adopted =
        new ContainerSpecBuilder(spec).labels(Map.of(LABEL, from.toString()));
    adopted.devices(with(spec.devices(), devices));
    adopted.capAdd(with(spec.capAdd(), capabilities));
    var security = nesting ? spec.security().nested() : spec.security();
    adopted.security(intercepted.isEmpty() ? security : security.intercepting(intercepted));
    spec.networks().map(this::asking).ifPresent(adopted::networks);
    if (starts) {
      adopted.restart(RestartPolicy.parse("unless-stopped"));
    }
    if (starts || snapshotEvery.isPresent()) {
      Optional<Long> keep = snapshotEvery.flatMap(_ -> snapshotKeep);
      adopted.care(
          new Care(
              starts ? startOrder : Optional.empty(),
              starts ? startDelay : 0,
              snapshotEvery,
              keep));
    }
    return adopted.build();
  }

  private NetworkRequest asking(NetworkRequest networks) {
    return new NetworkRequest(
        networks.attachments(),
        with(networks.ports(), ports),
        networks.publishAll(),
        networks.exposed(),
        with(networks.dns(), servers),
        with(networks.dnsSearch(), domains),
        networks.dnsOptions(),
        networks.hosts(),
        networks.restrictions(),
        networks.links(),
        networks.hostLinks());
  }

  private static <T> List<T> with(List<T> all, List<T> more) {
    List<T> result = new ArrayList<>(all);
    result.addAll(more);
    return result;
  }
}
