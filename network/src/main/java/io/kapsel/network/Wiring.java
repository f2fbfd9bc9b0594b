package io.kapsel.network;

import io.kapsel.linux.Fd;
import io.kapsel.linux.netlink.Addresses;
import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.netlink.Link;
import io.kapsel.linux.netlink.Links;
import io.kapsel.linux.netlink.MacAddress;
import io.kapsel.linux.netlink.NetlinkMessage;
import io.kapsel.linux.netlink.NetlinkSocket;
import io.kapsel.linux.netlink.NetworkNamespace;
import io.kapsel.linux.netlink.Routes;
import io.kapsel.linux.netlink.Shaping;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Makes links, addresses and routes: the host's and those in containers. */
final class Wiring {
  private static final int MACVLAN_BRIDGE = 4;

  private final NetlinkSocket host;

  /** The kernel takes its time to remove a link, and who makes one must not wait for that. */
  private final NetlinkSocket removing;

  private final Naming naming;

  Wiring(NetlinkSocket host, NetlinkSocket removing, Naming naming) {
    this.host = host;
    this.removing = removing;
    this.naming = naming;
  }

  /** Makes the bridge of a network, or completes it; its index. */
  int raise(Network network) {
    String name = naming.bridge(network);
    Optional<Link> known = Links.find(host, name);
    if (known.isEmpty()) {
      Links.Device device =
          new Links.Device(name, Optional.of(card(network.id(), 0)), network.mtu());
      host.askUnlessThere("make bridge '" + name + "'", Links.bridge(device));
      HostSettings.noAnnouncements(name);
    }
    int index = known.or(() -> Links.find(host, name)).orElseThrow().index();
    List<NetlinkMessage> all = new ArrayList<>();
    for (Subnet subnet : network.subnets()) {
      Cidr address = new Cidr(subnet.gatewayAddress(), subnet.network().prefix());
      all.add(Addresses.add(index, address));
    }
    all.add(Links.up(index));
    host.transact("set up bridge '" + name + "'", all);
    return index;
  }

  /** An address of a card that nobody made: locally administered. */
  static MacAddress card(String seed, int number) {
    String hex = Naming.hash(seed + number);
    return MacAddress.of(
        (byte) 2,
        (byte) 0x42,
        (byte) Integer.parseInt(hex.substring(0, 2), 16),
        (byte) Integer.parseInt(hex.substring(2, 4), 16),
        (byte) Integer.parseInt(hex.substring(4, 6), 16),
        (byte) Integer.parseInt(hex.substring(6, 8), 16));
  }

  void lower(Network network) {
    remove(naming.bridge(network));
  }

  void remove(String link) {
    boolean _ = removing.askIfThere("remove link '" + link + "'", Links.delete(link));
  }

  /** Whether the host has that link. */
  boolean has(String link) {
    return Links.find(host, link).isPresent();
  }

  /** Every link that this engine has made. */
  List<Link> own() {
    return Links.list(host).stream()
        .filter(each ->
            each.name().startsWith(naming.linkPrefix())
                || each.name().startsWith(naming.sparePrefix())
                || each.name().startsWith(naming.bridgePrefix()))
        .toList();
  }

  /** All links of the host. */
  List<Link> links() {
    return Links.list(host);
  }

  /** All networks that the host knows ways to, but for those of these links. */
  List<Cidr> reached(List<String> beside) {
    Set<Integer> left =
        links().stream()
            .filter(it -> beside.contains(it.name()))
            .map(Link::index)
            .collect(Collectors.toSet());
    List<Cidr> all = new ArrayList<>();
    Routes.list(host).stream()
        .filter(route -> !left.contains(route.link()))
        .forEach(route -> route.destination().filter(it -> it.prefix() > 0).ifPresent(all::add));
    Addresses.list(host).stream()
        .filter(held -> !left.contains(held.link()))
        .forEach(held -> all.add(held.address().network()));
    return all;
  }

  Optional<Link> find(String link) {
    return Links.find(host, link);
  }

  /**
   * Joins a container to a network.
   *
   * @param rate bits a second that may come in
   * @param outside whether this is its way to everything else
   */
  void join(
      Endpoint endpoint,
      Network network,
      NetworkNamespace namespace,
      Optional<Long> rate,
      boolean outside) {
    Links.Device inside =
        new Links.Device(
            endpoint.inside(), Optional.of(new MacAddress(endpoint.mac())), network.mtu());
    String what = "make link '" + endpoint.link() + "'";
    try (Fd.Lease lease = namespace.fd().lease()) {
      if (network.driver().equals(Network.MACVLAN)) {
        host.ask(what, Links.macvlan(inside, parent(network), MACVLAN_BRIDGE, lease.number()));
      } else {
        Links.Device out = Links.Device.of(endpoint.link(), network.mtu());
        host.ask(what, Links.veth(out, inside, lease.number(), bridge(network)));
      }
    }
    restrict(endpoint, network, rate);
    try (NetlinkSocket socket = namespace.in(NetlinkSocket::route)) {
      int index = Links.find(socket, endpoint.inside()).orElseThrow().index();
      address(socket, Links.up(index), index, endpoint, network, outside);
    }
  }

  private int bridge(Network network) {
    return Links.find(host, naming.bridge(network))
        .map(Link::index)
        .orElseGet(() -> raise(network));
  }

  /** Makes a link into a namespace whose network is not known yet. */
  Spares.Spare spare(String container, NetworkNamespace namespace) {
    String name = naming.spare(container);
    try (Fd.Lease lease = namespace.fd().lease();
        NetlinkSocket socket = namespace.in(NetlinkSocket::route)) {
      host.ask(
          "make link '" + name + "'",
          Links.spare(Links.Device.of(name, 0), Links.Device.of(Spares.INSIDE, 0), lease.number()));
      return new Spares.Spare(
          name,
          Links.find(host, name).orElseThrow().index(),
          Links.find(socket, Spares.INSIDE).orElseThrow().index(),
          namespace.number());
    }
  }

  /** The same as {@link #join} by a link that is there. */
  void plug(
      Spares.Spare spare,
      Endpoint endpoint,
      Network network,
      NetworkNamespace namespace,
      Optional<Long> rate,
      boolean outside) {
    Links.Device out = Links.Device.of(endpoint.link(), network.mtu());
    host.ask(
        "plug in link '" + endpoint.link() + "'",
        Links.plug(spare.outside(), out, bridge(network)));
    restrict(endpoint, network, rate);
    try (NetlinkSocket socket = namespace.in(NetlinkSocket::route)) {
      NetlinkMessage open =
          Links.open(spare.inside(), new MacAddress(endpoint.mac()), network.mtu());
      address(socket, open, spare.inside(), endpoint, network, outside);
    }
  }

  private void restrict(Endpoint endpoint, Network network, Optional<Long> rate) {
    if (network.driver().equals(Network.MACVLAN)
        || (network.letsNeighboursTalk() && rate.isEmpty())) {
      return;
    }
    int index = Links.find(host, endpoint.link()).orElseThrow().index();
    if (!network.letsNeighboursTalk()) {
      host.ask("isolate link '" + endpoint.link() + "'", Links.isolate(index));
    }
    rate.ifPresent(
        bits -> host.transact("limit link '" + endpoint.link() + "'", Shaping.limit(index, bits)));
  }

  /** What went into a container and out of it, as it sees that itself. */
  Optional<Link.Traffic> traffic(Endpoint endpoint, NetworkNamespace namespace) {
    Optional<Link> outside = find(endpoint.link());
    if (outside.isPresent()) {
      return outside.map(it -> it.traffic().seenFromTheOtherEnd());
    }
    try (NetlinkSocket socket = namespace.in(NetlinkSocket::route)) {
      return Links.find(socket, endpoint.inside()).map(Link::traffic);
    }
  }

  private int parent(Network network) {
    String name = Optional.ofNullable(network.options().get("parent")).orElse("");
    return Links.find(host, name)
        .orElseThrow(() ->
            new NetworkException.Failed(
                "join network", network.name(), "the host has no link '" + name + "'", null))
        .index();
  }

  private static void address(
      NetlinkSocket socket,
      NetlinkMessage up,
      int index,
      Endpoint endpoint,
      Network network,
      boolean outside) {
    List<NetlinkMessage> all = new ArrayList<>();
    all.add(up);
    if (!network.leases()) {
      network.ipv4Subnet().ifPresent(it -> place(all, index, it, endpoint.ipv4Address(), outside));
    }
    network.ipv6Subnet().ifPresent(it -> place(all, index, it, endpoint.ipv6Address(), outside));
    socket.transact("set up '" + endpoint.inside() + "'", all);
  }

  private static void place(
      List<NetlinkMessage> all,
      int index,
      Subnet subnet,
      Optional<InetAddress> address,
      boolean outside) {
    if (address.isEmpty()) {
      return;
    }
    all.add(Addresses.add(index, new Cidr(address.get(), subnet.network().prefix())));
    if (outside) {
      all.add(Routes.addDefault(index, subnet.gatewayAddress(), 0));
    }
  }

  /** Takes a container out of a network, whose namespace may be gone already. */
  void leave(Endpoint endpoint, Network network, Optional<NetworkNamespace> namespace) {
    if (!network.driver().equals(Network.MACVLAN)) {
      remove(endpoint.link());
    } else if (namespace.isPresent()) {
      try (NetlinkSocket socket = namespace.get().in(NetlinkSocket::route)) {
        boolean _ = socket.askIfThere("remove link", Links.delete(endpoint.inside()));
      }
    }
  }

  /** Joins the host's end of a container's link to a bridge that was made anew. */
  void rejoin(Endpoint endpoint, int bridge) {
    Links.find(host, endpoint.link())
        .ifPresent(
            link -> host.ask("join link '" + link.name() + "'", Links.join(link.index(), bridge)));
  }
}
