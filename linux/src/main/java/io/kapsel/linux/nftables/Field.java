package io.kapsel.linux.nftables;

import java.util.Arrays;
import java.util.List;

/** What a part of a set's key or value is; nft(8), "Data types". */
public enum Field {
  /** An IPv4 address. */
  IPV4(7, 4),
  /** An IPv6 address. */
  IPV6(8, 16),
  /** A MAC address. */
  MAC(9, 6),
  /** A MAC address, and behind it the type of the frame, as they stand in a frame's head. */
  MAC_AND_TYPE(9, 8),
  /** A protocol on top of IP, such as TCP. */
  PROTOCOL(12, 1),
  /** A port. */
  PORT(13, 2),
  /** The name of a link. */
  LINK(41, 16);

  private static final int TYPE_BITS = 6;

  private final int type;
  private final int length;

  Field(int type, int length) {
    this.type = type;
    this.length = length;
  }

  int length() {
    return length;
  }

  static int type(List<Field> parts) {
    int all = 0;
    for (Field part : parts) {
      all = all << TYPE_BITS | part.type;
    }
    return all;
  }

  /** How many bytes they take: each part of several begins at a multiple of four. */
  static int length(List<Field> parts) {
    return parts.size() == 1
        ? parts.getFirst().length
        : parts.stream().mapToInt(part -> (part.length + 3) & ~3).sum();
  }

  static byte[] encode(List<Field> parts, List<byte[]> values) {
    byte[] all = new byte[length(parts)];
    int at = 0;
    for (int i = 0; i < parts.size(); i++) {
      byte[] value = values.get(i);
      if (value.length > parts.get(i).length) {
        throw new IllegalArgumentException(
            parts.get(i) + " has no room for " + Arrays.toString(value));
      }
      System.arraycopy(value, 0, all, at, value.length);
      at += (parts.get(i).length + 3) & ~3;
    }
    return all;
  }
}
