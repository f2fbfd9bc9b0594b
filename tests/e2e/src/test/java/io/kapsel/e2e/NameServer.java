package io.kapsel.e2e;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A program that knows the IPv4 addresses of a few names: {@code ADDRESS NAME=ADDRESS...}. */
final class NameServer {
  private static final int HEAD = 12;

  private NameServer() {}

  /** Answers until it is killed. */
  public static void main(String[] words) throws IOException {
    try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(words[0], 53))) {
      while (true) {
        DatagramPacket query = new DatagramPacket(new byte[512], 512);
        socket.receive(query);
        byte[] answer = answer(Arrays.copyOf(query.getData(), query.getLength()), words);
        socket.send(new DatagramPacket(answer, answer.length, query.getSocketAddress()));
      }
    }
  }

  private static byte[] answer(byte[] query, String... known) throws IOException {
    StringBuilder name = new StringBuilder();
    int at = HEAD;
    while (query[at] != 0) {
      String label = new String(query, at + 1, query[at], StandardCharsets.US_ASCII);
      name.append(name.isEmpty() ? "" : ".").append(label);
      at += 1 + query[at];
    }
    int end = at + 5;
    boolean four = query[at + 2] == 1;
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    int count = 0;
    boolean exists = false;
    for (String each : known) {
      if (each.startsWith(name + "=")) {
        exists = true;
        if (four) {
          count++;
          records.writeBytes(new byte[] {(byte) 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4});
          records.writeBytes(
              InetAddress.getByName(each.substring(each.indexOf('=') + 1)).getAddress());
        }
      }
    }
    return ByteBuffer.allocate(end + records.size())
        .put(query, 0, end)
        .put(records.toByteArray())
        .putShort(2, (short) (exists ? 0x8180 : 0x8183))
        .putShort(6, (short) count)
        .putShort(8, (short) 0)
        .putShort(10, (short) 0)
        .array();
  }
}
