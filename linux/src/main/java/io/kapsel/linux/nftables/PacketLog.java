package io.kapsel.linux.nftables;

import io.kapsel.linux.netlink.NetlinkAttributes;
import io.kapsel.linux.netlink.NetlinkMessage;
import io.kapsel.linux.netlink.NetlinkReply;
import io.kapsel.linux.netlink.NetlinkSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What rules with {@link Rule#logTo} tell; linux/netfilter/nfnetlink_log.h. */
public final class PacketLog implements AutoCloseable {
  private static final int SUBSYSTEM = 4;
  private static final int PACKET = 0;
  private static final int CONFIGURE = 1;
  private static final int BODY = 4;
  private static final int BIND = 1;
  private static final int COPY_PACKETS = 2;
  private static final int COPIED = 128;

  private final NetlinkSocket socket;

  private PacketLog(NetlinkSocket socket) {
    this.socket = socket;
  }

  /** A packet's begin, from the head of IP on, and the rule's words. */
  public record Logged(String words, ByteBuffer packet) {}

  /** Listens to a group. Fails with EBUSY when somebody else does. */
  public static PacketLog open(int group) {
    NetlinkSocket socket = NetlinkSocket.netfilter();
    boolean open = false;
    try {
      socket.ask("listen to refusals", configure(group).bytes(1, (byte) BIND));
      socket.ask(
          "listen to refusals",
          configure(group)
              .bytes(2, (byte) 0, (byte) 0, (byte) 0, (byte) COPIED, (byte) COPY_PACKETS, (byte) 0)
              .networkValue(5, 1));
      open = true;
      return new PacketLog(socket);
    } finally {
      if (!open) {
        socket.close();
      }
    }
  }

  private static NetlinkMessage configure(int group) {
    int type = SUBSYSTEM << 8 | CONFIGURE;
    return new NetlinkMessage(type, NetlinkMessage.DO)
        .u8(0)
        .u8(0)
        .u16(Short.toUnsignedInt(Short.reverseBytes((short) group)));
  }

  /** Waits for the next ones; none if that takes longer than {@code limit}. */
  public List<Logged> next(Duration limit) {
    List<Logged> all = new ArrayList<>();
    for (NetlinkReply reply : socket.next(limit)) {
      if (reply.type() == (SUBSYSTEM << 8 | PACKET)) {
        NetlinkAttributes attributes = reply.attributes(BODY);
        ByteBuffer packet = attributes.bytes(9).orElseGet(() -> ByteBuffer.allocate(0));
        all.add(
            new Logged(attributes.text(10).orElse(""), packet.slice().order(ByteOrder.BIG_ENDIAN)));
      }
    }
    return all;
  }

  @Override
  public void close() {
    socket.close();
  }
}
