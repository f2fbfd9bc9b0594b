package io.kapsel.image.debian;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Notes where the paragraphs of a {@code Packages} index begin, and under which names each can be
 * found, while the index streams by. An index has some 60,000 of them: no paragraph is kept.
 */
final class IndexScanner {
  private static final byte[] PACKAGE = "Package:".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] PROVIDES = "Provides:".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] PRIORITY = "Priority: required".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ESSENTIAL = "Essential: yes".getBytes(StandardCharsets.US_ASCII);
  private static final int LONGEST_LINE = 4 << 20;

  private final LongList names = new LongList();
  private final LongList base = new LongList();
  private byte[] carry = new byte[1024];
  private int carried;
  private long position;
  private long lineStart;
  private long start = -1;
  private boolean isBase;

  /** A growing array. */
  static final class LongList {
    private long[] values = new long[1024];
    private int size;

    void add(long value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, size * 2);
      }
      values[size++] = value;
    }

    long[] sorted() {
      long[] all = Arrays.copyOf(values, size);
      Arrays.sort(all);
      return all;
    }
  }

  /** Takes the next bytes of the index. */
  void accept(byte[] bytes, int length) {
    int from = 0;
    for (int i = 0; i < length; i++) {
      if (bytes[i] == '\n') {
        if (carried > 0) {
          keep(bytes, from, i);
          line(carry, 0, carried);
          carried = 0;
        } else {
          line(bytes, from, i);
        }
        from = i + 1;
        lineStart = position + from;
      }
    }
    keep(bytes, from, length);
    position += length;
  }

  /** Takes the end of the index. */
  void finish() {
    line(carry, 0, carried);
    line(carry, 0, 0);
  }

  /** A name's hash in the upper half of each number, the place of its paragraph in the lower. */
  long[] names() {
    return names.sorted();
  }

  /** The places of the paragraphs of what every system has: essential, or of priority required. */
  long[] base() {
    return base.sorted();
  }

  static long entry(int hash, long place) {
    return ((long) hash << 32) | place;
  }

  static int hash(byte[] bytes, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + bytes[i];
    }
    return hash;
  }

  private void keep(byte[] bytes, int from, int to) {
    int length = to - from;
    if (carried + length > LONGEST_LINE) {
      throw new IllegalArgumentException("a line of the index is longer than 4 MiB");
    }
    if (carried + length > carry.length) {
      carry = Arrays.copyOf(carry, Math.max(carried + length, 2 * carry.length));
    }
    System.arraycopy(bytes, from, carry, carried, length);
    carried += length;
  }

  private void line(byte[] bytes, int from, int to) {
    if (from == to) {
      paragraphEnds();
      return;
    }
    if (start < 0) {
      start = lineStart;
    }
    if (start > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("the index is larger than 2 GiB");
    }
    switch (bytes[from]) {
      case 'P' -> {
        if (begins(bytes, from, to, PACKAGE)) {
          name(bytes, from + PACKAGE.length, to);
        } else if (begins(bytes, from, to, PROVIDES)) {
          provides(bytes, from + PROVIDES.length, to);
        } else if (to - from == PRIORITY.length && begins(bytes, from, to, PRIORITY)) {
          isBase = true;
        }
      }
      case 'E' -> isBase |= to - from == ESSENTIAL.length && begins(bytes, from, to, ESSENTIAL);
      default -> {}
    }
  }

  private void paragraphEnds() {
    if (isBase) {
      base.add(start);
    }
    isBase = false;
    start = -1;
  }

  private static boolean begins(byte[] bytes, int from, int to, byte[] with) {
    return to - from >= with.length
        && Arrays.equals(bytes, from, from + with.length, with, 0, with.length);
  }

  private void name(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to && bytes[at] == ' ') {
      at++;
    }
    int end = at;
    while (end < to && bytes[end] != ' ' && bytes[end] != ',' && bytes[end] != '(') {
      end++;
    }
    if (end > at) {
      names.add(entry(hash(bytes, at, end), start));
    }
  }

  private void provides(byte[] bytes, int from, int to) {
    int at = from;
    for (int i = from; i <= to; i++) {
      if (i == to || bytes[i] == ',') {
        name(bytes, at, i);
        at = i + 1;
      }
    }
  }
}
