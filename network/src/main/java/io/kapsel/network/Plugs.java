package io.kapsel.network;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.netlink.Link;
import io.kapsel.linux.netlink.NetworkNamespace;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;

/** The links of containers that run. */
final class Plugs {
  private static final System.Logger LOG = System.getLogger(Plugs.class.getName());

  private final Supplier<HostSide> host;
  private final Function<String, Network> networks;

  private final PluginNetworks plugins;
  private final Spares spares = new Spares();

  /** Links that are being removed. */
  private final Map<String, CompletableFuture<Boolean>> going = new ConcurrentHashMap<>();

  Plugs(Supplier<HostSide> host, Function<String, Network> networks, PluginNetworks plugins) {
    this.host = host;
    this.plugins = plugins;
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

  /** The same places, with what is known only now of those that plugins have made. */
  List<Endpoint> join(Joined joined, List<Endpoint> places, NetworkNamespace namespace) {
    String way = way(joined);
    List<Endpoint> made = new ArrayList<>();
    for (Endpoint each : places) {
      made.add(join(joined, each, namespace, each.network().equals(way)));
    }
    return made;
  }

  Endpoint join(Joined joined, Endpoint place, NetworkNamespace namespace, boolean outside) {
    Network network = networks.apply(place.network());
    if (network.isMadeByPlugins()) {
      discard(joined.id());
      boolean ports = outside && joined.endpoints().stream().noneMatch(this::isBridged);
      return plugins.add(joined, place, network, namespace, ports);
    }
    awaitGone(place.link());
    Wiring wiring = host.get().wiring();
    Optional<Long> whole = spares.takeWhole(place.link());
    if (whole.filter(it -> it == namespace.number()).isPresent()) {
      return place;
    }
    whole.ifPresent(_ -> wiring.remove(place.link()));
    Optional<Spares.Spare> spare =
        Optional.of(joined.id()).filter(_ -> isFirst(place)).flatMap(spares::take);
    if (spare.filter(it -> it.namespace() == namespace.number()).isPresent() && isBridged(place)) {
      wiring.plug(spare.get(), place, network, namespace, joined.restricted().in(), outside);
      return place;
    }
    spare.ifPresent(it -> wiring.remove(it.link()));
    wiring.join(place, network, namespace, joined.restricted().in(), outside);
    return place;
  }

  /** One that starts again at once has a link of the same name, which may be going still. */
  private void awaitGone(String link) {
    Optional.ofNullable(going.get(link)).ifPresent(CompletableFuture::join);
  }

  /** Whether plugins have made a place of a container. */
  boolean hasPlugins(Joined joined) {
    return joined.endpoints().stream()
        .anyMatch(each -> networks.apply(each.network()).isMadeByPlugins());
  }

  private static boolean isFirst(Endpoint place) {
    return place.inside().equals(Spares.INSIDE);
  }

  /** Makes a link for a container whose networks are not known yet. */
  void prepare(String container, int pid) {
    try (NetworkNamespace namespace = NetworkNamespace.madeBy(pid)) {
      spares.put(container, host.get().wiring().spare(container, namespace));
    }
  }

  /** Makes the only link of a container that is known already. */
  void prepare(Joined whole, NetworkNamespace namespace) {
    for (Endpoint place : join(whole, whole.endpoints(), namespace)) {
      spares.putWhole(place.link(), namespace.number());
    }
  }

  /** Removes what was made for one that will not need it. */
  void discard(String container) {
    spares.take(container).ifPresent(it -> remove(it.link()));
  }

  private boolean isBridged(Endpoint place) {
    return networks.apply(place.network()).driver().equals(Network.BRIDGE);
  }

  /** Takes a running container out of a network. */
  void leave(Joined joined, Endpoint place, NetworkNamespace namespace) {
    Network network = networks.apply(place.network());
    if (network.isMadeByPlugins()) {
      plugins.delete(network, joined.id(), place, Optional.of(namespace.path()));
    } else {
      host.get().wiring().leave(place, network, Optional.of(namespace));
    }
  }

  /** Joins a container again whose link somebody removed. */
  void heal(Joined joined, List<Endpoint> bridged, int pid) {
    List<Endpoint> lost =
        bridged.stream().filter(each -> !host.get().wiring().has(each.link())).toList();
    if (lost.isEmpty()) {
      return;
    }
    try (NetworkNamespace namespace = NetworkNamespace.of(pid)) {
      List<Endpoint> _ = join(joined, lost, namespace);
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

  /** Plugins are told at once; the links go meanwhile, as the kernel would have it, too. */
  void remove(Joined joined) {
    List<Endpoint> links = new ArrayList<>();
    for (Endpoint each : joined.endpoints()) {
      Network network = networks.apply(each.network());
      if (network.isMadeByPlugins()) {
        plugins.delete(network, joined.id(), each, Optional.empty());
      } else {
        links.add(each);
      }
    }
    plugins.forget(joined.id());
    links.forEach(each -> spares.takeWhole(each.link()));
    CompletableFuture<Boolean> gone = new CompletableFuture<>();
    links.forEach(each -> going.put(each.link(), gone));
    Thread.startVirtualThread(() -> {
      try {
        links.forEach(each -> remove(each.link()));
      } finally {
        links.forEach(each -> going.remove(each.link(), gone));
        gone.complete(true);
      }
    });
  }

  private void remove(String link) {
    try {
      host.get().wiring().remove(link);
    } catch (SyscallException e) {
      LOG.log(System.Logger.Level.DEBUG, "a link cannot be removed name=" + link, e);
    }
  }
}
