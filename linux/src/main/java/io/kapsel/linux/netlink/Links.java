package io.kapsel.linux.netlink;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Requests about links; rtnetlink(7), RTM_NEWLINK and its kin. */
public final class Links {
  /** The longest name of a link. */
  public static final int LONGEST_NAME = 15;

  private static final int NEW = 16;
  private static final int DELETE = 17;
  private static final int GET = 18;
  private static final int NEW_PROPERTY = 108;
  private static final int BODY = 16;
  private static final int UP = 1;
  private static final int ADDRESS = 1;
  private static final int NAME = 3;
  private static final int MTU = 4;
  private static final int LINK = 5;
  private static final int MASTER = 10;
  private static final int INFO = 18;
  private static final int STATISTICS = 23;
  private static final int NAMESPACE = 28;
  private static final int PROPERTIES = 52;
  private static final int OTHER_NAME = 53;
  private static final int KIND = 1;
  private static final int DATA = 2;
  private static final int PEER = 1;
  private static final int MACVLAN_MODE = 1;
  private static final int VLAN_ID = 1;
  private static final int IPVLAN_MODE = 1;
  private static final int PORT_KIND = 4;
  private static final int PORT_DATA = 5;
  private static final int PORT_ISOLATED = 33;
  private static final int ALL = 0;

  private Links() {}

  /** A device beside those of the machine. */
  public record Device(String name, Optional<MacAddress> mac, int mtu) {
    /** With an address that the kernel chooses. */
    public static Device of(String name, int mtu) {
      return new Device(name, Optional.empty(), mtu);
    }

    private void write(NetlinkMessage message) {
      message.text(NAME, checked(name));
      mac.ifPresent(it -> message.bytes(ADDRESS, it.bytes()));
      if (mtu > 0) {
        message.value(MTU, mtu);
      }
    }
  }

  /** Makes a bridge. */
  public static NetlinkMessage bridge(Device device) {
    return made(device, "bridge", Optional.empty(), _ -> {});
  }

  /**
   * Makes two ends: {@code inside} in the namespace of {@code namespace}, the other one here, and
   * up.
   *
   * @param bridge the index of the bridge that the one here is a port of, 0: none
   */
  public static NetlinkMessage veth(Device outside, Device inside, int namespace, int bridge) {
    NetlinkMessage message = creation(UP);
    outside.write(message);
    if (bridge > 0) {
      message.value(MASTER, bridge);
    }
    return pair(message, inside, namespace);
  }

  /** The same in no bridge, and down: for {@link #plug}. */
  public static NetlinkMessage spare(Device outside, Device inside, int namespace) {
    NetlinkMessage message = creation(0);
    outside.write(message);
    return pair(message, inside, namespace);
  }

  private static NetlinkMessage pair(NetlinkMessage message, Device inside, int namespace) {
    return info(
        message,
        "veth",
        data ->
            data.nested(
                PEER,
                peer -> {
                  body(peer, 0, 0, 0);
                  inside.write(peer);
                  peer.value(NAMESPACE, namespace);
                }));
  }

  /** Makes a device of its own address on another one. */
  public static NetlinkMessage macvlan(Device device, int parent, int mode, int namespace) {
    return above(device, "macvlan", parent, namespace, data -> data.value(MACVLAN_MODE, mode));
  }

  /** Makes a device for what comes to another one with that tag. */
  public static NetlinkMessage vlan(Device device, int parent, int tag, int namespace) {
    return above(device, "vlan", parent, namespace, data -> data.shortValue(VLAN_ID, tag));
  }

  /** Makes a device with the hardware address of another one. */
  public static NetlinkMessage ipvlan(Device device, int parent, int mode, int namespace) {
    return above(device, "ipvlan", parent, namespace, data -> data.shortValue(IPVLAN_MODE, mode));
  }

  private static NetlinkMessage above(
      Device device, String kind, int parent, int namespace, Consumer<NetlinkMessage> data) {
    return made(
        device,
        kind,
        Optional.of(message -> message.value(LINK, parent).value(NAMESPACE, namespace)),
        data);
  }

  /** Moves a link into a namespace, under that name there; its addresses are gone then. */
  public static NetlinkMessage move(int index, String name, int namespace) {
    NetlinkMessage message = new NetlinkMessage(NEW, NetlinkMessage.DO);
    return body(message, index, 0, 0).text(NAME, checked(name)).value(NAMESPACE, namespace);
  }

  /** Gives it another size. */
  public static NetlinkMessage resize(int index, int mtu) {
    NetlinkMessage message = new NetlinkMessage(NEW, NetlinkMessage.DO);
    return body(message, index, 0, 0).value(MTU, mtu);
  }

  /** Gives it another hardware address. */
  public static NetlinkMessage address(int index, MacAddress mac) {
    NetlinkMessage message = new NetlinkMessage(NEW, NetlinkMessage.DO);
    return body(message, index, 0, 0).bytes(ADDRESS, mac.bytes());
  }

  private static NetlinkMessage made(
      Device device,
      String kind,
      Optional<Consumer<NetlinkMessage>> more,
      Consumer<NetlinkMessage> data) {
    NetlinkMessage message = creation(0);
    device.write(message);
    more.ifPresent(it -> it.accept(message));
    return info(message, kind, data);
  }

  private static NetlinkMessage creation(int flags) {
    NetlinkMessage message =
        new NetlinkMessage(
            NEW, NetlinkMessage.DO | NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE);
    return body(message, 0, flags, flags);
  }

  private static NetlinkMessage info(
      NetlinkMessage message, String kind, Consumer<NetlinkMessage> data) {
    return message.nested(INFO, info -> info.text(KIND, kind).nested(DATA, data));
  }

  /** Brings it up. */
  public static NetlinkMessage up(int index) {
    NetlinkMessage message = new NetlinkMessage(NEW, NetlinkMessage.DO);
    return body(message, index, UP, UP);
  }

  /** Makes it a port of a bridge, and brings it up. */
  public static NetlinkMessage join(int index, int bridge) {
    return up(index).value(MASTER, bridge);
  }

  /** Makes a link that is down a port of a bridge under another name, and brings it up. */
  public static NetlinkMessage plug(int index, Device device, int bridge) {
    NetlinkMessage message = join(index, bridge);
    device.write(message);
    return message;
  }

  /** Gives a link an address and a size, and brings it up. */
  public static NetlinkMessage open(int index, MacAddress mac, int mtu) {
    return up(index).bytes(ADDRESS, mac.bytes()).value(MTU, mtu);
  }

  /** Lets a port of a bridge reach only what is not isolated, which is the bridge itself. */
  public static NetlinkMessage isolate(int index) {
    NetlinkMessage message = new NetlinkMessage(NEW, NetlinkMessage.DO);
    return body(message, index, 0, 0)
        .nested(
            INFO,
            info ->
                info.text(PORT_KIND, "bridge")
                    .nested(PORT_DATA, data -> data.byteValue(PORT_ISOLATED, 1)));
  }

  /** Gives it another name, which must not be up. */
  public static NetlinkMessage rename(int index, String name) {
    NetlinkMessage message = new NetlinkMessage(NEW, NetlinkMessage.DO);
    return body(message, index, 0, 0).text(NAME, checked(name));
  }

  /** Gives it one more name, by which it is found like by its own; ip-link(8), altname. */
  public static NetlinkMessage name(int index, String other) {
    NetlinkMessage message =
        new NetlinkMessage(
            NEW_PROPERTY,
            NetlinkMessage.DO
                | NetlinkMessage.CREATE
                | NetlinkMessage.EXCLUSIVE
                | NetlinkMessage.APPEND);
    return body(message, index, 0, 0)
        .nested(PROPERTIES, all -> all.text(OTHER_NAME, checked(other)));
  }

  /** Removes it, and the other end with it. */
  public static NetlinkMessage delete(int index) {
    return body(new NetlinkMessage(DELETE, NetlinkMessage.DO), index, 0, 0);
  }

  /** The same by its name. */
  public static NetlinkMessage delete(String name) {
    return body(new NetlinkMessage(DELETE, NetlinkMessage.DO), 0, 0, 0).text(NAME, name);
  }

  /** The link of that name, if there is one. */
  public static Optional<Link> find(NetlinkSocket socket, String name) {
    NetlinkMessage get = body(new NetlinkMessage(GET, NetlinkMessage.DO), 0, 0, 0);
    try {
      return socket.ask("find link '" + name + "'", get.text(NAME, checked(name))).stream()
          .filter(reply -> reply.type() == NEW)
          .map(Links::read)
          .findFirst();
    } catch (io.kapsel.linux.SyscallException e) {
      if (e.is(io.kapsel.linux.Errno.ENODEV)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** All links. */
  public static List<Link> list(NetlinkSocket socket) {
    NetlinkMessage dump = new NetlinkMessage(GET, 1 | NetlinkMessage.DUMP);
    return socket.ask("list links", body(dump, ALL, 0, 0)).stream()
        .filter(reply -> reply.type() == NEW)
        .map(Links::read)
        .toList();
  }

  /** The name of the link of whose end a message tells; nothing if it tells of something else. */
  public static Optional<String> removed(NetlinkReply reply) {
    return reply.type() == DELETE ? reply.attributes(BODY).text(NAME) : Optional.empty();
  }

  static Link read(NetlinkReply reply) {
    NetlinkAttributes attributes = reply.attributes(BODY);
    return new Link(
        reply.body().getInt(4),
        attributes.text(NAME).orElse(""),
        (reply.body().getInt(8) & UP) != 0,
        attributes.bytes(ADDRESS).filter(it -> it.remaining() == 6).map(Links::mac),
        attributes.value(MTU).orElse(0),
        attributes.value(MASTER).orElse(0),
        attributes.nested(INFO).text(KIND),
        attributes.value(LINK).orElse(0),
        attributes.bytes(STATISTICS).map(Links::traffic).orElse(Link.Traffic.NONE));
  }

  private static MacAddress mac(ByteBuffer bytes) {
    byte[] six = new byte[6];
    bytes.get(six);
    six[0] &= ~1;
    return MacAddress.of(six);
  }

  private static Link.Traffic traffic(ByteBuffer all) {
    return new Link.Traffic(
        all.getLong(0),
        all.getLong(8),
        all.getLong(16),
        all.getLong(24),
        all.getLong(32),
        all.getLong(40),
        all.getLong(48),
        all.getLong(56));
  }

  private static NetlinkMessage body(NetlinkMessage message, int index, int flags, int change) {
    return message.u8(0).u8(0).u16(0).u32(index).u32(flags).u32(change);
  }

  private static String checked(String name) {
    if (name.isEmpty() || name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
      throw new IllegalArgumentException("'" + name + "' is not the name of a link");
    }
    return name;
  }
}
