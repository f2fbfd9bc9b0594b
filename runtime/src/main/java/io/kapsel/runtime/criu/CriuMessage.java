package io.kapsel.runtime.criu;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** A message of CRIU's protocol being written: fields by number, in the encoding of protobuf. */
public final class CriuMessage {
  private static final int VARINT = 0;
  private static final int BYTES = 2;
  private static final int TYPE_BITS = 3;
  private static final int MORE = 0x80;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Empty at first. */
  public CriuMessage() {}

  /** A whole number. */
  public CriuMessage number(int field, long value) {
    varint((long) field << TYPE_BITS | VARINT);
    varint(value);
    return this;
  }

  /** Yes or no. */
  public CriuMessage flag(int field, boolean value) {
    return number(field, value ? 1 : 0);
  }

  /** A text. */
  public CriuMessage text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  /** A message within this one. */
  public CriuMessage message(int field, CriuMessage value) {
    return bytes(field, value.bytes());
  }

  private CriuMessage bytes(int field, byte[] value) {
    varint((long) field << TYPE_BITS | BYTES);
    varint(value.length);
    out.writeBytes(value);
    return this;
  }

  private void varint(long value) {
    long left = value;
    while ((left & -MORE) != 0) {
      out.write((int) (left & (MORE - 1)) | MORE);
      left >>>= 7;
    }
    out.write((int) left);
  }

  /** What is sent. */
  public byte[] bytes() {
    return out.toByteArray();
  }
}
