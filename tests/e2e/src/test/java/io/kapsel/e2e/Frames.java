package io.kapsel.e2e;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** Frames byte by byte, as somebody with a raw socket may write them. */
final class Frames {
  private static final String EVERYBODY = "ff:ff:ff:ff:ff:ff";
  private static final String EVERYBODY6 = "33:33:00:00:00:01";
  private static final int UDP = 17;
  private static final int ICMPV6 = 58;

  private Frames() {}

  private static byte[] mac(String text) {
    return HexFormat.ofDelimiter(":").parseHex(text);
  }

  static byte[] ip(String text) {
    try {
      return java.net.InetAddress.getByName(text).getAddress();
    } catch (java.net.UnknownHostException e) {
      throw new AssertionError(text, e);
    }
  }

  private static ByteBuffer frame(String to, String from, int type) {
    return ByteBuffer.allocate(200).put(mac(to)).put(mac(from)).putShort((short) type);
  }

  private static byte[] done(ByteBuffer frame) {
    byte[] all = new byte[Math.max(60, frame.position())];
    frame.get(0, all, 0, frame.position());
    return all;
  }

  /** An answer of ARP that nobody has asked for: {@code address} is at {@code from}. */
  static byte[] arp(String from, String address, String to, String toAddress) {
    ByteBuffer frame = frame(to, from, 0x806);
    frame.putShort((short) 1).putShort((short) 0x800).put((byte) 6).put((byte) 4);
    frame.putShort((short) 2).put(mac(from)).put(ip(address)).put(mac(to)).put(ip(toAddress));
    return done(frame);
  }

  /** A datagram of IPv4 to everybody on the wire. */
  static byte[] udp(String from, String source, String target, int sourcePort, int port) {
    byte[] text = "frame\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    ByteBuffer frame = frame(EVERYBODY, from, 0x800);
    int head = frame.position();
    frame.put((byte) 0x45).put((byte) 0).putShort((short) (28 + text.length)).putInt(0x4000);
    frame.put((byte) 64).put((byte) UDP).putShort((short) 0).put(ip(source)).put(ip(target));
    frame.putShort(head + 10, (short) ~sum(frame, head, head + 20, 0));
    frame.putShort((short) sourcePort).putShort((short) port);
    frame.putShort((short) (8 + text.length)).putShort((short) 0).put(text);
    return done(frame);
  }

  /** An announcement of a neighbour: {@code address} is at {@code from}. */
  static byte[] neighbour(String from, String source, String address) {
    ByteBuffer body = ByteBuffer.allocate(32);
    body.put((byte) 136).put((byte) 0).putShort((short) 0).putInt(0x20000000).put(ip(address));
    body.put((byte) 2).put((byte) 1).put(mac(from));
    return icmp(from, source, body.array());
  }

  /** An announcement of a router, and of a network. */
  static byte[] router(String from, String source) {
    ByteBuffer body = ByteBuffer.allocate(48);
    body.put((byte) 134).put((byte) 0).putShort((short) 0).put((byte) 64).put((byte) 0);
    body.putShort((short) 1800).putInt(0).putInt(0);
    body.put((byte) 3).put((byte) 4).put((byte) 64).put((byte) 0xc0).putInt(86400).putInt(14400);
    body.putInt(0).put(ip("2001:db8:bad::"));
    return icmp(from, source, body.array());
  }

  private static byte[] icmp(String from, String source, byte... body) {
    ByteBuffer frame = frame(EVERYBODY6, from, 0x86dd);
    frame.putInt(0x60000000).putShort((short) body.length).put((byte) ICMPV6).put((byte) 255);
    int addresses = frame.position();
    frame.put(ip(source)).put(ip("ff02::1"));
    int start = frame.position();
    frame.put(body);
    int all = sum(frame, addresses, frame.position(), body.length + ICMPV6);
    frame.putShort(start + 2, (short) ~all);
    return done(frame);
  }

  /** A frame in a VLAN. */
  static byte[] tagged(String from, byte... frame) {
    ByteBuffer all = ByteBuffer.allocate(frame.length + 4).put(frame, 0, 12);
    return all.putShort((short) 0x8100)
        .putShort((short) 7)
        .put(frame, 12, frame.length - 12)
        .array();
  }

  private static int sum(ByteBuffer bytes, int from, int to, int start) {
    int sum = start;
    for (int at = from; at < to; at += 2) {
      sum += Short.toUnsignedInt(bytes.getShort(at));
    }
    while (sum > 0xffff) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
  }
}
