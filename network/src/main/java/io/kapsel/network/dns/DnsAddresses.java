package io.kapsel.network.dns;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The addresses in an answer, and for how long they hold. What is damaged ends the list. */
public final class DnsAddresses {
  private static final int POINTER_BITS = 0xc0;
  private static final int FIXED = 10;
  private static final int INTERNET = 1;
  private static final int MOST = 512;

  private DnsAddresses() {}

  /** An address; it may be used for as long as that. */
  public record Told(InetAddress address, Duration life) {}

  /** Reads what stands in the first section of answers. */
  public static List<Told> read(ByteBuffer message) {
    List<Told> all = new ArrayList<>();
    ByteBuffer answer = message.slice();
    if (answer.limit() < DnsQuestion.HEAD) {
      return all;
    }
    int at = DnsQuestion.HEAD;
    for (int i = Short.toUnsignedInt(answer.getShort(4)); i > 0 && at >= 0; i--) {
      at = behindName(answer, at) + 4;
    }
    int count = Math.min(Short.toUnsignedInt(answer.getShort(6)), MOST);
    for (int i = 0; i < count; i++) {
      at = behindName(answer, at);
      if (at < 0 || at + FIXED > answer.limit()) {
        return all;
      }
      int length = Short.toUnsignedInt(answer.getShort(at + 8));
      if (at + FIXED + length > answer.limit()) {
        return all;
      }
      record(answer, at, length, all);
      at += FIXED + length;
    }
    return all;
  }

  private static void record(ByteBuffer answer, int at, int length, List<Told> all) {
    int type = Short.toUnsignedInt(answer.getShort(at));
    boolean fits =
        (type == DnsQuestion.ADDRESS && length == 4)
            || (type == DnsQuestion.ADDRESS6 && length == 16);
    if (!fits || answer.getShort(at + 2) != INTERNET) {
      return;
    }
    byte[] bytes = new byte[length];
    answer.get(at + FIXED, bytes);
    try {
      long seconds = Math.max(0, answer.getInt(at + 4));
      all.add(new Told(InetAddress.getByAddress(bytes), Duration.ofSeconds(seconds)));
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes or sixteen", e);
    }
  }

  /** The place behind a name; a pointer ends it. Below 0: it does not end. */
  private static int behindName(ByteBuffer answer, int from) {
    int at = from;
    while (at >= 0 && at < answer.limit()) {
      int length = Byte.toUnsignedInt(answer.get(at));
      if ((length & POINTER_BITS) == POINTER_BITS) {
        return at + 2;
      }
      if (length == 0) {
        return at + 1;
      }
      at += 1 + length;
    }
    return Integer.MIN_VALUE;
  }
}
