package io.kapsel.cli.server;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The frames of wire.md, section 4: {@code u8 type, u8 0, u16 0, u32 length}, then the payload. */
final class Frame {
  static final int HEADER = 8;
  static final int LONGEST = 64 << 10;

  static final int STDOUT = 1;
  static final int STDERR = 2;
  static final int EXIT = 3;
  static final int ATTACH = 4;
  static final int DETACHED = 5;
  static final int SIGNAL = 6;
  static final int LAUNCH = 7;

  private Frame() {}

  static byte[] of(int type, byte[] payload, int offset, int length) {
    return header(type, length).put(payload, offset, length).array();
  }

  static byte[] of(int type, int value) {
    return header(type, Integer.BYTES).putInt(value).array();
  }

  private static ByteBuffer header(int type, int length) {
    return ByteBuffer.allocate(HEADER + length)
        .order(ByteOrder.nativeOrder())
        .put((byte) type)
        .put((byte) 0)
        .putShort((short) 0)
        .putInt(length);
  }
}
