package io.kapsel.runtime.plan;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Bytes that a step points to: a text, a structure, or room for an answer. */
public final class Blob {
  /** At {@code at} stands the address of {@code target} once the plan is loaded. */
  record Pointer(int at, Blob target) {}

  private static final byte[] NOTHING = {};

  private final byte[] bytes;
  private final String text;
  private final boolean plain;
  private final @Nullable Blob whole;
  private final int start;
  private final List<Pointer> pointers = new ArrayList<>(0);

  private Blob(byte[] bytes, String text, boolean plain) {
    this.bytes = bytes;
    this.text = text;
    this.plain = plain;
    this.whole = null;
    this.start = 0;
  }

  private Blob(Blob whole, int start) {
    this.bytes = whole.bytes;
    this.text = whole.text;
    this.plain = whole.plain;
    this.whole = whole;
    this.start = start;
  }

  /** A text, ended by NUL. It becomes bytes, or is quoted, only when somebody asks for that. */
  public static Blob text(String text) {
    return new Blob(NOTHING, text, true);
  }

  /** Bytes with a name for readers. */
  public static Blob of(byte[] bytes, String text) {
    return new Blob(bytes.clone(), text, false);
  }

  /** Room for an answer. */
  public static Blob room(int size, String text) {
    return new Blob(new byte[size], text, false);
  }

  /** A structure of 64-bit words. */
  public static Blob words(String text, long... words) {
    ByteBuffer buffer =
        ByteBuffer.allocate(words.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (long word : words) {
      buffer.putLong(word);
    }
    return new Blob(buffer.array(), text, false);
  }

  /** An array of addresses of texts, ended by 0, as execve(2) takes it. */
  public static Blob texts(List<String> all, String text) {
    Blob array = new Blob(new byte[(all.size() + 1) * Long.BYTES], text, false);
    for (int i = 0; i < all.size(); i++) {
      array.point(i * Long.BYTES, text(all.get(i)));
    }
    return array;
  }

  /** Lets the eight bytes at {@code at} become the address of {@code target}. */
  public Blob point(int at, Blob target) {
    pointers.add(new Pointer(at, target));
    return this;
  }

  /** The same bytes from an offset on, for a step that writes there. */
  public Blob offset(int offset) {
    return new Blob(this, offset);
  }

  Blob whole() {
    return whole == null ? this : whole;
  }

  int start() {
    return start;
  }

  byte[] bytes() {
    if (!plain) {
      return bytes;
    }
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    return Arrays.copyOf(encoded, encoded.length + 1);
  }

  /** The text itself, of a blob that is one. */
  String text() {
    return text;
  }

  List<Pointer> pointers() {
    return pointers;
  }

  /** Whether equal ones may be one: nothing is written into them. */
  boolean shared() {
    return plain && whole == null;
  }

  /** How a plan shows it. */
  public String shown() {
    return plain ? quoted(text) : text;
  }

  private static String quoted(String text) {
    String shown = text.length() > 60 ? text.substring(0, 57) + "…" : text;
    return '"' + shown.replace("\n", "\\n") + '"';
  }
}
