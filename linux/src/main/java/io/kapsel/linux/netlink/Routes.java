package io.kapsel.linux.netlink;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Requests about routes, rules and neighbours; rtnetlink(7), RTM_NEWROUTE and RTM_NEWNEIGH. */
public final class Routes {
  private static final int NEW = 24;
  private static final int GET = 26;
  private static final int NEW_NEIGHBOUR = 28;
  private static final int BODY = 12;
  private static final int DESTINATION = 1;
  private static final int OUT = 4;
  private static final int GATEWAY = 5;
  private static final int PRIORITY = 6;
  private static final int TABLE = 15;
  private static final int MAIN = 254;
  private static final int BOOT = 3;
  private static final int EVERYWHERE = 0;
  private static final int ON_LINK = 253;
  private static final int UNICAST = 1;
  private static final int LOCAL_ONLY = 2;
  private static final int PERMANENT = 0x80;
  private static final int NEIGHBOUR = 1;
  private static final int NEIGHBOUR_MAC = 2;

  private Routes() {}

  /** A way to a network; without a destination it is the way to everything else. */
  public record Route(
      Optional<Cidr> destination, int link, Optional<InetAddress> gateway, int metric, int table) {}

  /** Adds the way to everything else. */
  public static NetlinkMessage addDefault(int link, InetAddress gateway, int metric) {
    NetlinkMessage message = begin(Addresses.family(gateway), 0, EVERYWHERE);
    message.bytes(GATEWAY, gateway.getAddress()).value(OUT, link);
    return metric > 0 ? message.value(PRIORITY, metric) : message;
  }

  /** The same without a gateway: everybody is asked for on the link itself. */
  public static NetlinkMessage addDefault(int link, boolean ipv6) {
    int family = ipv6 ? Addresses.IPV6 : Addresses.IPV4;
    return begin(family, 0, ON_LINK).value(OUT, link);
  }

  /** Adds a network that is reached on a link without a gateway. */
  public static NetlinkMessage addLink(int link, Cidr network) {
    return begin(Addresses.family(network.address()), network.prefix(), ON_LINK)
        .bytes(DESTINATION, network.network().address().getAddress())
        .value(OUT, link);
  }

  private static NetlinkMessage begin(int family, int bits, int scope) {
    return new NetlinkMessage(
            NEW, NetlinkMessage.DO | NetlinkMessage.CREATE | NetlinkMessage.REPLACE)
        .u8(family)
        .u8(bits)
        .u8(0)
        .u8(0)
        .u8(MAIN)
        .u8(BOOT)
        .u8(scope)
        .u8(UNICAST)
        .u32(0);
  }

  /** Tells a link once and for all which card has an address. */
  public static NetlinkMessage addNeighbour(int link, InetAddress address, MacAddress mac) {
    return new NetlinkMessage(
            NEW_NEIGHBOUR, NetlinkMessage.DO | NetlinkMessage.CREATE | NetlinkMessage.REPLACE)
        .u8(Addresses.family(address))
        .u8(0)
        .u16(0)
        .u32(link)
        .u16(PERMANENT)
        .u8(0)
        .u8(0)
        .bytes(NEIGHBOUR, address.getAddress())
        .bytes(NEIGHBOUR_MAC, mac.bytes());
  }

  /** All ways to other hosts, of all tables. */
  public static List<Route> list(NetlinkSocket socket) {
    NetlinkMessage dump =
        new NetlinkMessage(GET, 1 | NetlinkMessage.DUMP)
            .u8(0)
            .u8(0)
            .u8(0)
            .u8(0)
            .u8(0)
            .u8(0)
            .u8(0)
            .u8(0)
            .u32(0);
    List<Route> all = new ArrayList<>();
    for (NetlinkReply reply : socket.ask("list routes", dump)) {
      if (reply.body().get(7) == UNICAST || reply.body().get(7) == LOCAL_ONLY) {
        all.add(read(reply));
      }
    }
    return all.stream().filter(route -> route.table() != 255).toList();
  }

  private static Route read(NetlinkReply reply) {
    NetlinkAttributes attributes = reply.attributes(BODY);
    int bits = Byte.toUnsignedInt(reply.body().get(1));
    return new Route(
        attributes.bytes(DESTINATION).map(bytes -> new Cidr(Addresses.address(bytes), bits)),
        attributes.value(OUT).orElse(0),
        attributes.bytes(GATEWAY).map(Addresses::address),
        attributes.value(PRIORITY).orElse(0),
        attributes.value(TABLE).orElse(Byte.toUnsignedInt(reply.body().get(4))));
  }
}
