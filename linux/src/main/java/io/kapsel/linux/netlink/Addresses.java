package io.kapsel.linux.netlink;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Requests about addresses of links; rtnetlink(7), RTM_NEWADDR and its kin. */
public final class Addresses {
  private static final int NEW = 20;
  private static final int GET = 22;
  private static final int BODY = 8;
  private static final int ADDRESS = 1;
  private static final int LOCAL = 2;
  private static final int BROADCAST = 4;
  private static final int NO_DUPLICATES_SEARCHED = 2;
  private static final int SHORTEST_WITH_BROADCAST = 30;
  static final int IPV4 = 2;
  static final int IPV6 = 10;

  private Addresses() {}

  /** An address of a link. */
  public record Held(int link, Cidr address) {}

  /** Gives a link an address; IPv6 does not search first whether somebody else has it. */
  public static NetlinkMessage add(int link, Cidr address) {
    byte[] bytes = address.address().getAddress();
    NetlinkMessage message =
        new NetlinkMessage(NEW, NetlinkMessage.DO | NetlinkMessage.CREATE | NetlinkMessage.REPLACE)
            .u8(family(address.address()))
            .u8(address.prefix())
            .u8(address.isIpv6() ? NO_DUPLICATES_SEARCHED : 0)
            .u8(0)
            .u32(link)
            .bytes(LOCAL, bytes)
            .bytes(ADDRESS, bytes);
    if (!address.isIpv6() && address.prefix() <= SHORTEST_WITH_BROADCAST) {
      InetAddress last = address.at(address.size().subtract(java.math.BigInteger.ONE));
      message.bytes(BROADCAST, last.getAddress());
    }
    return message;
  }

  /** All addresses of the namespace. */
  public static List<Held> list(NetlinkSocket socket) {
    NetlinkMessage dump =
        new NetlinkMessage(GET, 1 | NetlinkMessage.DUMP).u8(0).u8(0).u8(0).u8(0).u32(0);
    List<Held> all = new ArrayList<>();
    for (NetlinkReply reply : socket.ask("list addresses", dump)) {
      NetlinkAttributes attributes = reply.attributes(BODY);
      attributes
          .bytes(LOCAL)
          .or(() -> attributes.bytes(ADDRESS))
          .ifPresent(bytes ->
              all.add(
                  new Held(
                      reply.body().getInt(4),
                      new Cidr(address(bytes), Byte.toUnsignedInt(reply.body().get(1))))));
    }
    return all;
  }

  static int family(InetAddress address) {
    return address.getAddress().length == 4 ? IPV4 : IPV6;
  }

  static InetAddress address(ByteBuffer bytes) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(copy);
    try {
      return InetAddress.getByAddress(copy);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("an address of " + copy.length + " bytes", e);
    }
  }
}
