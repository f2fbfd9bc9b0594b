package io.kapsel.linux.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/** One message to the kernel while it is written; see netlink(7). Numbers are little-endian. */
public final class NetlinkMessage {
  /** NLM_F_REQUEST and NLM_F_ACK: do it, and say how it went. */
  public static final int DO = 1 | 4;

  /** With {@link #DO}: make it. */
  public static final int CREATE = 0x400;

  /** With {@link #CREATE}: it must not be there yet. */
  public static final int EXCLUSIVE = 0x200;

  /** With {@link #CREATE}: it takes the place of what is there. */
  public static final int REPLACE = 0x100;

  /** With {@link #CREATE}: at the end of a list. */
  public static final int APPEND = 0x800;

  /** With {@link #DO}: all that there are. */
  public static final int DUMP = 0x300;

  static final int HEAD = 16;
  private static final int SEQUENCE = 8;
  private static final int NESTED = 0x8000;
  private static final int FIRST_ROOM = 256;

  private ByteBuffer buffer =
      ByteBuffer.allocate(FIRST_ROOM).order(ByteOrder.LITTLE_ENDIAN).position(HEAD);

  /** A message of that type; {@code flags} as above. */
  public NetlinkMessage(int type, int flags) {
    buffer.putShort(4, (short) type).putShort(6, (short) flags);
  }

  /** Appends one byte. */
  public NetlinkMessage u8(int value) {
    room(1).put((byte) value);
    return this;
  }

  /** Appends two bytes. */
  public NetlinkMessage u16(int value) {
    room(2).putShort((short) value);
    return this;
  }

  /** Appends four bytes. */
  public NetlinkMessage u32(int value) {
    room(4).putInt(value);
    return this;
  }

  /** Appends an attribute with any content. */
  public NetlinkMessage bytes(int type, byte... content) {
    int length = 4 + content.length;
    room((length + 3) & ~3).putShort((short) length).putShort((short) type).put(content);
    buffer.position(aligned());
    return this;
  }

  /** Appends an attribute with one byte. */
  public NetlinkMessage byteValue(int type, int value) {
    return bytes(type, (byte) value);
  }

  /** Appends an attribute with two bytes. */
  public NetlinkMessage shortValue(int type, int value) {
    return bytes(type, (byte) value, (byte) (value >> 8));
  }

  /** Appends an attribute with four bytes. */
  public NetlinkMessage value(int type, int value) {
    return bytes(
        type, (byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24));
  }

  /** Appends an attribute with four bytes, the highest first. */
  public NetlinkMessage networkValue(int type, int value) {
    return bytes(
        type, (byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value);
  }

  /** Appends an attribute with eight bytes, the highest first. */
  public NetlinkMessage networkLong(int type, long value) {
    return bytes(type, ByteBuffer.allocate(8).putLong(value).array());
  }

  /** Appends an attribute with a text, which NUL ends. */
  public NetlinkMessage text(int type, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return bytes(type, Arrays.copyOf(bytes, bytes.length + 1));
  }

  /** Appends an attribute that is made of the attributes which {@code content} appends. */
  public NetlinkMessage nested(int type, Consumer<NetlinkMessage> content) {
    int start = buffer.position();
    room(4).putInt(0);
    content.accept(this);
    int length = buffer.position() - start;
    if (length > 0xffff) {
      throw new IllegalArgumentException("an attribute of " + length + " bytes is too long");
    }
    buffer.putShort(start, (short) length).putShort(start + 2, (short) (type | NESTED));
    return this;
  }

  /** How long it is so far. */
  public int length() {
    return buffer.position();
  }

  /** The whole message with its place in a sequence. */
  public byte[] encode(int sequence) {
    buffer.putInt(0, buffer.position()).putInt(SEQUENCE, sequence);
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  int type() {
    return Short.toUnsignedInt(buffer.getShort(4));
  }

  private int aligned() {
    return (buffer.position() + 3) & ~3;
  }

  private ByteBuffer room(int bytes) {
    if (buffer.remaining() < bytes) {
      byte[] larger =
          Arrays.copyOf(buffer.array(), Math.max(buffer.capacity() * 2, length() + bytes));
      buffer = ByteBuffer.wrap(larger).order(ByteOrder.LITTLE_ENDIAN).position(buffer.position());
    }
    return buffer;
  }
}
