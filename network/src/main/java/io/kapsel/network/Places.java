package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.netlink.MacAddress;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Gives containers their addresses. Callers hold the lock of {@link Networks}. */
final class Places {
  private static final int MOST_PORTS_OF_A_BRIDGE = 1023;

  private final Registry registry;
  private final Naming naming;

  Places(Registry registry, Naming naming) {
    this.registry = registry;
    this.naming = naming;
  }

  /** A place in a network for a container, which sees it as {@code inside}. */
  Endpoint take(Network network, Member member, Attachment wanted, String inside, long members) {
    Optional<Endpoint> had = member.had(network);
    checkAsked(network, wanted);
    Attachment meant = had.map(place -> again(wanted, place)).orElse(wanted);
    return take(network, member.id(), meant, inside, members);
  }

  private static Attachment again(Attachment wanted, Endpoint place) {
    return new Attachment(
        wanted.network(),
        place.ipv4Address().map(Cidr::text),
        place.ipv6Address().map(Cidr::text),
        Optional.of(place.mac()),
        wanted.aliases(),
        wanted.priority());
  }

  /** The same for who has no wishes but these. */
  Endpoint take(Network network, String id, Attachment wanted, String inside, long members) {
    if (network.driver().equals(Network.BRIDGE) && members >= MOST_PORTS_OF_A_BRIDGE) {
      throw new NetworkException.Conflict(
          "join network",
          network.name(),
          "it has %s containers, the most that one bridge of the kernel takes".formatted(members));
    }
    List<InetAddress> taken = new ArrayList<>();
    boolean whole = false;
    try {
      Optional<InetAddress> four = take(network, network.ipv4Subnet(), wanted.ipv4(), taken);
      Optional<InetAddress> six = take(network, network.ipv6Subnet(), wanted.ipv6(), taken);
      whole = true;
      return new Endpoint(
          network.id(),
          naming.link(id, network.id()),
          inside,
          wanted.mac().map(it -> new MacAddress(it).text()).orElseGet(() -> card(id, four)),
          four.map(Cidr::text),
          six.map(Cidr::text),
          wanted.aliases(),
          wanted.priority());
    } finally {
      if (!whole) {
        release(network, taken);
      }
    }
  }

  static void checkPoliced(Network network, Restrictions restrictions) {
    boolean restricted = restrictions.policy().restricts() || restrictions.rate().isPresent();
    if (restricted && !network.driver().equals(Network.BRIDGE)) {
      throw new NetworkException.Invalid(
          "join network",
          network.name(),
          "what leaves a "
              + network.driver()
              + " passes this host by, and --egress and --network-rate with it");
    }
  }

  /** A network may say to which address of the host ports go that name none. */
  Port bound(Port port, List<Endpoint> endpoints) {
    Optional<String> usual =
        endpoints.stream()
            .map(each -> registry.find(each.network()).options().get(Network.HOST_BINDING))
            .filter(Objects::nonNull)
            .findFirst();
    return port.hostIp().isPresent() ? port : port.at(usual);
  }

  private static void checkAsked(Network network, Attachment wanted) {
    if ((wanted.ipv4().isPresent() || wanted.ipv6().isPresent()) && network.isDefault()) {
      throw new NetworkException.Invalid(
          "join network",
          network.name(),
          "user specified IP address is supported on user defined networks only");
    }
    if (!wanted.aliases().isEmpty() && network.isDefault()) {
      throw new NetworkException.Invalid(
          "join network",
          network.name(),
          "network-scoped alias is supported only for containers in user defined networks");
    }
    if (wanted.ipv6().isPresent() && network.ipv6Subnet().isEmpty()) {
      throw new NetworkException.Invalid(
          "join network", network.name(), "it has no IPv6; create it with --ipv6");
    }
  }

  /** Neighbours that remember an address find the same card behind it when it is given again. */
  private static String card(String id, Optional<InetAddress> address) {
    return address
        .map(it -> "02:42:" + HexFormat.ofDelimiter(":").formatHex(it.getAddress()))
        .orElseGet(() -> Wiring.card(id, 0).text());
  }

  private Optional<InetAddress> take(
      Network network, Optional<Subnet> subnet, Optional<String> wanted, List<InetAddress> taken) {
    if (subnet.isEmpty()) {
      return Optional.empty();
    }
    AddressPool pool =
        registry.pools(network).stream()
            .filter(each -> each.contains(subnet.get().gatewayAddress()))
            .findFirst()
            .orElseThrow();
    InetAddress address =
        wanted
            .map(it -> exactly(network, pool, Cidr.address(it)))
            .or(pool::take)
            .orElseThrow(() ->
                new NetworkException.Conflict(
                    "join network",
                    network.name(),
                    "no available addresses in " + subnet.get().subnet()));
    taken.add(address);
    return Optional.of(address);
  }

  private static InetAddress exactly(Network network, AddressPool pool, InetAddress wanted) {
    if (!pool.contains(wanted)) {
      throw new NetworkException.Invalid(
          "join network",
          network.name(),
          "invalid address " + Cidr.text(wanted) + ": it is in no subnet of the network");
    }
    if (!pool.take(wanted)) {
      throw new NetworkException.Conflict(
          "join network", network.name(), "Address already in use: " + Cidr.text(wanted));
    }
    return wanted;
  }

  /** Marks what a container had when the engine went away. */
  void mark(Network network, Endpoint endpoint) {
    addresses(endpoint)
        .forEach(address ->
            registry.pools(network).stream()
                .filter(pool -> pool.contains(address))
                .forEach(pool -> pool.take(address)));
  }

  void release(Network network, Endpoint endpoint) {
    release(network, addresses(endpoint));
  }

  private static List<InetAddress> addresses(Endpoint endpoint) {
    List<InetAddress> all = new ArrayList<>();
    endpoint.ipv4Address().ifPresent(all::add);
    endpoint.ipv6Address().ifPresent(all::add);
    return all;
  }

  private void release(Network network, List<InetAddress> addresses) {
    for (InetAddress address : addresses) {
      registry.pools(network).stream()
          .filter(pool -> pool.contains(address))
          .forEach(pool -> pool.release(address));
    }
  }
}
