package io.kapsel.network.dns;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Answers to a question. */
final class DnsReply {
  static final int NOT_IMPLEMENTED = 4;
  static final int SERVER_FAILED = 2;
  static final int NO_SUCH_NAME = 3;
  static final int REFUSED = 5;
  private static final int FLAGS = 0x8080; // an answer, recursion can be had
  private static final int TRUNCATED = 0x200;
  private static final int RECURSION = 0x100;
  private static final int SECONDS = 5;
  private static final int TO_QUESTION = 0xc00c;
  private static final int RECORD = 12;

  private DnsReply() {}

  /** No answer, but why. */
  static ByteBuffer refusal(DnsQuestion question, int code) {
    return head(question, code, 0, 0).flip();
  }

  /** These addresses, as many as fit in {@code most} bytes. */
  static ByteBuffer addresses(DnsQuestion question, List<InetAddress> addresses, int most) {
    int length = addresses.isEmpty() ? 0 : addresses.getFirst().getAddress().length;
    int room = (most - question.asked().remaining()) / (RECORD + Math.max(length, 1));
    List<InetAddress> some = addresses.subList(0, Math.min(addresses.size(), room));
    boolean cut = some.size() < addresses.size();
    ByteBuffer reply =
        head(question, cut ? TRUNCATED : 0, some.size(), some.size() * (RECORD + length));
    some.forEach(each -> record(reply, question.type(), each.getAddress()));
    return reply.flip();
  }

  /** The name of an address. */
  static ByteBuffer pointer(DnsQuestion question, String name) {
    ByteArrayOutputStream labels = new ByteArrayOutputStream();
    for (String label : name.split("\\.")) {
      byte[] bytes = label.getBytes(StandardCharsets.ISO_8859_1);
      labels.write(bytes.length);
      labels.writeBytes(bytes);
    }
    labels.write(0);
    ByteBuffer reply = head(question, 0, 1, RECORD + labels.size());
    record(reply, question.type(), labels.toByteArray());
    return reply.flip();
  }

  /** Whether an answer has several records, which are in another order each time. */
  static boolean isOneOfSeveral(ByteBuffer reply) {
    return reply.getShort(reply.position() + 6) > 1;
  }

  private static void record(ByteBuffer reply, int type, byte[] data) {
    reply
        .putShort((short) TO_QUESTION)
        .putShort((short) type)
        .putShort((short) 1)
        .putInt(SECONDS)
        .putShort((short) data.length)
        .put(data);
  }

  private static ByteBuffer head(DnsQuestion question, int flags, int answers, int more) {
    ByteBuffer reply = ByteBuffer.allocate(question.asked().remaining() + more);
    reply.put(question.asked().duplicate());
    int all = FLAGS | flags | (question.recursive() ? RECURSION : 0);
    return reply
        .putShort(2, (short) all)
        .putShort(6, (short) answers)
        .putShort(8, (short) 0)
        .putShort(10, (short) 0);
  }
}
