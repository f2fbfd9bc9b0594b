package io.kapsel.image.tar;

import io.kapsel.linux.RawText;

/** A header block of 512 bytes; see tar(5). */
final class TarHeader {
  static final int SIZE = 512;

  /** 1 PiB: far from where sums of sizes wrap around. */
  static final long LARGEST = 1L << 50;

  private final byte[] block;

  TarHeader(byte[] block) throws TarException {
    this.block = block;
    long stored = number(148, 8);
    long unsigned = 0;
    long signed = 0;
    for (int i = 0; i < SIZE; i++) {
      byte value = i >= 148 && i < 156 ? (byte) ' ' : block[i];
      unsigned += value & 0xff;
      signed += value;
    }
    if (stored != unsigned && stored != signed) {
      throw new TarException("it is not a tar archive, or a damaged one: a checksum is wrong");
    }
  }

  char flag() {
    return (char) (block[156] & 0xff);
  }

  /** The name with the prefix of ustar; GNU keeps times where the prefix would be. */
  String name() {
    String name = text(0, 100);
    boolean ustar = matches(257, "ustar\0");
    String prefix = ustar ? text(345, 155) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  String link() {
    return text(157, 100);
  }

  int mode() throws TarException {
    return (int) (number(100, 8) & 07777);
  }

  long uid() throws TarException {
    return number(108, 8);
  }

  long gid() throws TarException {
    return number(116, 8);
  }

  long size() throws TarException {
    long size = number(124, 12);
    if (size < 0 || size > LARGEST) {
      throw new TarException("a member has a size that cannot be: " + size);
    }
    return size;
  }

  long modified() throws TarException {
    return number(136, 12);
  }

  int major() throws TarException {
    return (int) number(329, 8);
  }

  int minor() throws TarException {
    return (int) number(337, 8);
  }

  /** A number at {@code from}: octal digits, or base 256 when the first bit says so. */
  long number(int from, int length) throws TarException {
    if ((block[from] & 0x80) != 0) {
      return binary(from, length);
    }
    long value = 0;
    int at = from;
    int end = from + length;
    while (at < end && (block[at] == ' ' || block[at] == 0)) {
      at++;
    }
    for (; at < end && block[at] != ' ' && block[at] != 0; at++) {
      if (block[at] < '0' || block[at] > '7') {
        throw new TarException("it is not a tar archive, or a damaged one: a number has no digits");
      }
      value = value << 3 | block[at] - '0';
    }
    return value;
  }

  private long binary(int from, int length) throws TarException {
    boolean negative = (block[from] & 0x40) != 0;
    long value = negative ? -1 : 0;
    for (int i = from; i < from + length; i++) {
      int digit = block[i] & 0xff;
      if (i == from) {
        digit = negative ? digit | 0x80 : digit & 0x7f;
        digit = negative ? (byte) digit : digit;
        value = digit;
        continue;
      }
      if (value > Long.MAX_VALUE >> 8 || value < Long.MIN_VALUE >> 8) {
        throw new TarException("a number in a header has more than 64 bits");
      }
      value = value << 8 | digit;
    }
    return value;
  }

  private boolean matches(int from, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (block[from + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private String text(int from, int most) {
    int length = 0;
    while (length < most && block[from + length] != 0) {
      length++;
    }
    return RawText.decode(block, from, from + length);
  }

  /** Whether a piece of a sparse file stands there, in GNU's old format; see tar(5). */
  boolean hasSegment(int from) {
    return block[from] != 0;
  }

  /** A block without a checksum: a continuation of an old sparse map. */
  static long number(byte[] block, int from, int length) throws TarException {
    return new TarHeader(block, true).number(from, length);
  }

  private TarHeader(byte[] block, @SuppressWarnings("unused") boolean unchecked) {
    this.block = block;
  }
}
