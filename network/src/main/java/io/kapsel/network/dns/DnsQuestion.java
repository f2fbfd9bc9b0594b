package io.kapsel.network.dns;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/**
 * The question of a query, and the query itself up to the question's end.
 *
 * @param name in lower case, without the last dot
 */
record DnsQuestion(int id, boolean recursive, String name, int type, ByteBuffer asked) {
  static final int ADDRESS = 1;
  static final int POINTER = 12;
  static final int ADDRESS6 = 28;
  static final int HEAD = 12;
  private static final int LONGEST_LABEL = 63;
  private static final int LONGEST_NAME = 253;
  private static final int ANSWER = 0x8000;
  private static final int OPERATION = 0x7800;
  private static final int RECURSION = 0x100;

  /** Reads a query of one question; nothing if it is none. */
  static Optional<DnsQuestion> read(ByteBuffer message) {
    if (message.remaining() < HEAD) {
      return Optional.empty();
    }
    ByteBuffer query = message.slice();
    int flags = query.getShort(2);
    if ((flags & (ANSWER | OPERATION)) != 0 || query.getShort(4) != 1) {
      return Optional.empty();
    }
    StringBuilder name = new StringBuilder();
    int end = name(query, name);
    if (end < 0 || end + 4 > query.limit()) {
      return Optional.empty();
    }
    return Optional.of(
        new DnsQuestion(
            Short.toUnsignedInt(query.getShort(0)),
            (flags & RECURSION) != 0,
            name.toString(),
            Short.toUnsignedInt(query.getShort(end)),
            query.slice(0, end + 4)));
  }

  /** Where the name ends, -1: it is none. A question has no name before it to point to. */
  private static int name(ByteBuffer query, StringBuilder name) {
    int at = HEAD;
    while (at < query.limit()) {
      int length = Byte.toUnsignedInt(query.get(at));
      if (length == 0) {
        return at + 1;
      }
      if (length > LONGEST_LABEL
          || at + 1 + length > query.limit()
          || name.length() + length > LONGEST_NAME) {
        return -1;
      }
      byte[] label = new byte[length];
      query.get(at + 1, label);
      name.append(name.isEmpty() ? "" : ".")
          .append(new String(label, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT));
      at += 1 + length;
    }
    return -1;
  }

  /** Whether an answer belongs to this question: an answer to another one is not passed on. */
  boolean isAnsweredBy(ByteBuffer answer) {
    Optional<DnsQuestion> other =
        answer.remaining() < HEAD ? Optional.empty() : read(withoutAnswerBit(answer));
    return (answer.getShort(2) & ANSWER) != 0
        && other.filter(it -> it.id == id && it.name.equals(name) && it.type == type).isPresent();
  }

  private static ByteBuffer withoutAnswerBit(ByteBuffer answer) {
    ByteBuffer copy = ByteBuffer.allocate(answer.remaining()).put(answer.duplicate()).flip();
    return copy.putShort(2, (short) (copy.getShort(2) & ~ANSWER));
  }
}
