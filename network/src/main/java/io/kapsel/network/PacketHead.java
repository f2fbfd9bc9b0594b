package io.kapsel.network;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;

/** Where a packet goes, and from where. */
record PacketHead(InetAddress from, InetAddress to, String protocol, int port) {
  private static final int HEAD4 = 20;
  private static final int HEAD6 = 40;
  private static final Map<Integer, String> NAMES =
      Map.of(1, "icmp", 6, "tcp", 17, "udp", 58, "icmp", 132, "sctp");

  static Optional<PacketHead> read(ByteBuffer packet) {
    if (packet.limit() < HEAD4) {
      return Optional.empty();
    }
    boolean old = (packet.get(0) >> 4 & 0xf) == 4;
    int head = old ? (packet.get(0) & 0xf) * 4 : HEAD6;
    if (packet.limit() < head || head < HEAD4) {
      return Optional.empty();
    }
    int number = Byte.toUnsignedInt(packet.get(old ? 9 : 6));
    boolean ported = number == 6 || number == 17 || number == 132;
    int port =
        ported && packet.limit() >= head + 4 ? Short.toUnsignedInt(packet.getShort(head + 2)) : 0;
    return Optional.of(
        new PacketHead(
            address(packet, old ? 12 : 8, old),
            address(packet, old ? 16 : 24, old),
            NAMES.getOrDefault(number, "protocol " + number),
            port));
  }

  private static InetAddress address(ByteBuffer packet, int at, boolean old) {
    byte[] bytes = new byte[old ? 4 : 16];
    packet.get(at, bytes);
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes or sixteen", e);
    }
  }
}
