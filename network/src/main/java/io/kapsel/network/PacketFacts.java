package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * What the rules for packets are to know of containers. Callers hold the lock of {@link Networks}.
 */
final class PacketFacts {
  private final Registry registry;
  private final Naming naming;

  PacketFacts(Registry registry, Naming naming) {
    this.registry = registry;
    this.naming = naming;
  }

  /** All of it, for these networks and everybody in them. */
  HostSide.Facts all(Collection<Network> raised, Collection<Joined> members) {
    List<Card> cards = new ArrayList<>();
    List<Published> ports = new ArrayList<>();
    List<Policed> policed = new ArrayList<>();
    raised.forEach(each -> policed.addAll(policed(each)));
    for (Joined each : members) {
      cards.addAll(cards(each));
      ports.addAll(published(each));
      policed.addAll(policed(each));
    }
    return new HostSide.Facts(
        raised.stream().map(it -> BridgeRules.of(it, naming)).toList(), cards, ports, policed);
  }

  /** The places of a container that are ports of bridges. */
  List<Endpoint> bridged(Joined joined) {
    return joined.endpoints().stream()
        .filter(each -> registry.find(each.network()).driver().equals(Network.BRIDGE))
        .toList();
  }

  boolean isBridged(Joined joined) {
    return !bridged(joined).isEmpty();
  }

  /** The same, and how much may come from there. */
  List<Card> cards(Joined joined) {
    return bridged(joined).stream()
        .map(it -> new Card(it, joined.restricted().out(), registry.find(it.network()).leases()))
        .toList();
  }

  /** Ports lead to the network with the way to the outside; not into internal networks. */
  List<Published> published(Joined joined) {
    Optional<Endpoint> way =
        joined.byPriority().stream()
            .filter(each -> !registry.find(each.network()).internal())
            .filter(each -> registry.find(each.network()).driver().equals(Network.BRIDGE))
            .findFirst();
    if (way.isEmpty()) {
      return List.of();
    }
    Network network = registry.find(way.get().network());
    return joined.ports().stream()
        .map(port ->
            new Published(
                port,
                way.get().ipv4Address(),
                way.get().ipv6Address(),
                network.ipv4Subnet().map(Subnet::gatewayAddress),
                network.ipv6Subnet().map(Subnet::gatewayAddress)))
        .toList();
  }

  /** The policy of a container, if it has one. */
  List<Policed> policed(Joined joined) {
    EgressPolicy policy = joined.restricted().policy();
    if (!policy.restricts()) {
      return List.of();
    }
    List<Policed.Source> sources = new ArrayList<>();
    for (Endpoint each : bridged(joined)) {
      List<InetAddress> addresses = new ArrayList<>();
      each.ipv4Address().ifPresent(addresses::add);
      each.ipv6Address().ifPresent(addresses::add);
      addresses.add(SpoofRules.linkLocal(each.mac()));
      sources.add(new Policed.Source(naming.bridge(registry.find(each.network())), addresses));
    }
    return List.of(new Policed(Policed.key(joined), policy, sources));
  }

  /** The policy of a network, if it has one. */
  List<Policed> policed(Network network) {
    return network.egressPolicy().restricts()
        ? List.of(
            new Policed(
                Policed.key(network),
                network.egressPolicy(),
                List.of(new Policed.Source(naming.bridge(network), List.of()))))
        : List.of();
  }

  /** Whose address that is. */
  static Optional<Joined> holder(Collection<Joined> members, InetAddress address) {
    return members.stream()
        .filter(each ->
            each.endpoints().stream()
                .anyMatch(it ->
                    it.ipv4Address().filter(address::equals).isPresent()
                        || it.ipv6Address().filter(address::equals).isPresent()
                        || Cidr.text(SpoofRules.linkLocal(it.mac())).equals(Cidr.text(address))))
        .findFirst();
  }
}
