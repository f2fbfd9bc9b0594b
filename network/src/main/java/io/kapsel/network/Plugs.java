package io.kapsel.network;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.netlink.Link;
import io.kapsel.linux.netlink.NetworkNamespace;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;

/** The links of containers that run. */
final class Plugs {
  private static final System.Logger LOG = System.getLogger(Plugs.class.getName());

  private final Supplier<HostSide> host;
  private final Function<String, Network> networks;

  Plugs(Supplier<HostSide> host, Function<String, Network> networks) {
    this.host = host;
    this.networks = networks;
  }

  /** The network by which a container reaches the outside; empty: none. */
  String way(Joined joined) {
    return joined.byPriority().stream()
        .filter(each -> !networks.apply(each.network()).internal())
        .map(Endpoint::network)
        .findFirst()
        .orElse("");
  }

  void join(Joined joined, List<Endpoint> places, NetworkNamespace namespace) {
    String way = way(joined);
    for (Endpoint each : places) {
      join(joined, each, namespace, each.network().equals(way));
    }
  }

  void join(Joined joined, Endpoint place, NetworkNamespace namespace, boolean outside) {
    host.get()
        .wiring()
        .join(place, networks.apply(place.network()), namespace, joined.restricted().in(), outside);
  }

  /** Joins a container again whose link somebody removed. */
  void heal(Joined joined, List<Endpoint> bridged, int pid) {
    List<Endpoint> lost =
        bridged.stream().filter(each -> !host.get().wiring().has(each.link())).toList();
    if (lost.isEmpty()) {
      return;
    }
    try (NetworkNamespace namespace = NetworkNamespace.of(pid)) {
      join(joined, lost, namespace);
      LOG.log(
          System.Logger.Level.WARNING,
          "links were missing and are made again container={0}",
          joined.name());
    } catch (SyscallException e) {
      LOG.log(System.Logger.Level.DEBUG, "a container has ended id=" + joined.id(), e);
    }
  }

  /** What went through each place of a container, by its network's name. */
  Map<String, Link.Traffic> traffic(Joined joined, int pid) {
    Map<String, Link.Traffic> all = new TreeMap<>();
    try (NetworkNamespace namespace = NetworkNamespace.of(pid)) {
      for (Endpoint each : joined.endpoints()) {
        Optional<Link.Traffic> found = host.get().wiring().traffic(each, namespace);
        found.ifPresent(it -> all.put(networks.apply(each.network()).name(), it));
      }
    } catch (SyscallException | NetworkException e) {
      LOG.log(System.Logger.Level.DEBUG, "a container has ended id=" + joined.id(), e);
    }
    return all;
  }

  /** The kernel does so, too, when the last process has left the namespace. */
  void remove(Joined joined) {
    for (Endpoint each : joined.endpoints()) {
      try {
        host.get().wiring().remove(each.link());
      } catch (SyscallException e) {
        LOG.log(System.Logger.Level.DEBUG, "a link cannot be removed name=" + each.link(), e);
      }
    }
  }
}
