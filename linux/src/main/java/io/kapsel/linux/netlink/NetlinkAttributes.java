package io.kapsel.linux.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** The attributes of a message from the kernel. What is cut off or overlaps is left out. */
public final class NetlinkAttributes {
  private static final int TYPE = 0x3fff;

  private final Map<Integer, ByteBuffer> last = new HashMap<>();
  private final List<ByteBuffer> all = new ArrayList<>();

  private NetlinkAttributes() {}

  /** Those from the position of {@code bytes} on. */
  public static NetlinkAttributes read(ByteBuffer bytes) {
    NetlinkAttributes found = new NetlinkAttributes();
    int at = bytes.position();
    while (at + 4 <= bytes.limit()) {
      int length = Short.toUnsignedInt(bytes.order(ByteOrder.LITTLE_ENDIAN).getShort(at));
      if (length < 4 || at + length > bytes.limit()) {
        break;
      }
      ByteBuffer content = bytes.slice(at + 4, length - 4).order(ByteOrder.LITTLE_ENDIAN);
      found.last.put(bytes.getShort(at + 2) & TYPE, content);
      found.all.add(content);
      at += (length + 3) & ~3;
    }
    return found;
  }

  /** The content of the last attribute of that type. */
  public Optional<ByteBuffer> bytes(int type) {
    return Optional.ofNullable(last.get(type)).map(it -> it.duplicate().order(it.order()));
  }

  /** A number of four bytes. */
  public OptionalInt value(int type) {
    ByteBuffer content = last.get(type);
    return content == null || content.remaining() < 4
        ? OptionalInt.empty()
        : OptionalInt.of(content.getInt(0));
  }

  /** A number of four bytes, the highest first. */
  public OptionalInt networkValue(int type) {
    OptionalInt value = value(type);
    return value.isPresent()
        ? OptionalInt.of(Integer.reverseBytes(value.getAsInt()))
        : OptionalInt.empty();
  }

  /** A text up to its NUL. */
  public Optional<String> text(int type) {
    return bytes(type).map(NetlinkAttributes::text);
  }

  /** The attributes inside of one. */
  public NetlinkAttributes nested(int type) {
    return bytes(type).map(NetlinkAttributes::read).orElseGet(NetlinkAttributes::new);
  }

  /** The contents of all, in order, as in a list whose parts have the same type. */
  public List<NetlinkAttributes> list() {
    return all.stream().map(it -> read(it.duplicate())).toList();
  }

  private static String text(ByteBuffer content) {
    byte[] bytes = new byte[content.remaining()];
    content.get(content.position(), bytes);
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }
}
