package io.kapsel.network.dhcp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Optional;

/**
 * What a machine asks.
 *
 * @param hardware 16 bytes in hexadecimal digits, of which the card has the first six
 * @param current the address that it has already; 0.0.0.0: none
 * @param wanted the address that it asks for
 * @param server whom it means; nothing: everybody
 */
record DhcpRequest(
    int type,
    int transaction,
    int flags,
    String card,
    String hardware,
    InetAddress current,
    Optional<InetAddress> wanted,
    Optional<InetAddress> server) {
  static final int DISCOVER = 1;
  static final int REQUEST = 3;
  static final int DECLINE = 4;
  static final int RELEASE = 7;
  static final int INFORM = 8;
  static final int COOKIE = 0x63825363;
  static final int OPTIONS = 240;
  private static final int MESSAGE_TYPE = 53;
  private static final int WANTED = 50;
  private static final int SERVER = 54;
  private static final int END = 255;
  private static final int CARD = 6;

  /** Reads a request; nothing if it is none. */
  static Optional<DhcpRequest> read(ByteBuffer message) {
    if (message.limit() < OPTIONS
        || message.get(0) != 1
        || message.get(1) != 1
        || message.get(2) != CARD
        || message.getInt(236) != COOKIE) {
      return Optional.empty();
    }
    byte[] hardware = new byte[16];
    message.get(28, hardware);
    int type =
        option(message, MESSAGE_TYPE)
            .filter(it -> it.length == 1)
            .map(it -> it[0])
            .orElse((byte) 0);
    return Optional.of(
        new DhcpRequest(
            type,
            message.getInt(4),
            Short.toUnsignedInt(message.getShort(10)),
            HexFormat.ofDelimiter(":").formatHex(hardware, 0, CARD),
            HexFormat.of().formatHex(hardware),
            address(message, 12),
            option(message, WANTED).flatMap(DhcpRequest::address),
            option(message, SERVER).flatMap(DhcpRequest::address)));
  }

  private static Optional<byte[]> option(ByteBuffer message, int wanted) {
    int at = OPTIONS;
    while (at + 1 < message.limit()) {
      int code = Byte.toUnsignedInt(message.get(at));
      if (code == END) {
        break;
      }
      if (code == 0) {
        at++;
        continue;
      }
      int length = Byte.toUnsignedInt(message.get(at + 1));
      if (at + 2 + length > message.limit()) {
        break;
      }
      if (code == wanted) {
        byte[] value = new byte[length];
        message.get(at + 2, value);
        return Optional.of(value);
      }
      at += 2 + length;
    }
    return Optional.empty();
  }

  private static Optional<InetAddress> address(byte... bytes) {
    try {
      return bytes.length == 4 ? Optional.of(InetAddress.getByAddress(bytes)) : Optional.empty();
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes", e);
    }
  }

  private static InetAddress address(ByteBuffer message, int at) {
    byte[] bytes = new byte[4];
    message.get(at, bytes);
    return address(bytes).orElseThrow();
  }
}
