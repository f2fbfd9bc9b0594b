package io.kapsel.linux;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Text for names that the kernel treats as bytes. UTF-8 becomes what it says; a byte {@code 0xNN}
 * that is no UTF-8 becomes the lone surrogate {@code U+DCNN}, which no UTF-8 can produce. So any
 * name survives the way to a String and back, and names that look alike stay different.
 */
public final class RawText {
  private static final char ESCAPE = 0xDC00;

  private RawText() {}

  /** The bytes of a name, without an end mark. */
  public static byte[] encode(String text) {
    byte[] plain = text.getBytes(StandardCharsets.UTF_8);
    return hasEscape(text) ? encodeEscaped(text) : plain;
  }

  /** The text of {@code bytes[from..to)}. */
  public static String decode(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] < 0) {
        return decodeWide(bytes, from, to);
      }
    }
    return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
  }

  /** The text of all bytes. */
  public static String decode(byte[] bytes) {
    return decode(bytes, 0, bytes.length);
  }

  private static boolean hasEscape(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (isEscape(text, i)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isEscape(String text, int i) {
    char c = text.charAt(i);
    return c >= ESCAPE + 0x80
        && c <= ESCAPE + 0xFF
        && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
  }

  private static byte[] encodeEscaped(String text) {
    byte[] out = new byte[text.length() * 3];
    int length = 0;
    int start = 0;
    for (int i = 0; i <= text.length(); i++) {
      if (i < text.length() && !isEscape(text, i)) {
        continue;
      }
      byte[] part = text.substring(start, i).getBytes(StandardCharsets.UTF_8);
      System.arraycopy(part, 0, out, length, part.length);
      length += part.length;
      if (i < text.length()) {
        out[length++] = (byte) text.charAt(i);
      }
      start = i + 1;
    }
    return Arrays.copyOf(out, length);
  }

  private static String decodeWide(byte[] bytes, int from, int to) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, from, to - from))
          .toString();
    } catch (CharacterCodingException _) {
      return decodeEscaped(bytes, from, to);
    }
  }

  private static String decodeEscaped(byte[] bytes, int from, int to) {
    StringBuilder text = new StringBuilder(to - from);
    for (int i = from; i < to; ) {
      int length = sequence(bytes, i, to);
      if (length == 0) {
        text.append((char) (ESCAPE + (bytes[i++] & 0xFF)));
      } else {
        text.append(new String(bytes, i, length, StandardCharsets.UTF_8));
        i += length;
      }
    }
    return text.toString();
  }

  /** The length of the well-formed sequence at {@code i}, 0 if there is none. */
  private static int sequence(byte[] bytes, int i, int to) {
    int length = lengthOf(bytes[i] & 0xFF);
    if (length == 0 || i + length > to) {
      return 0;
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, i, length));
      return length;
    } catch (CharacterCodingException _) {
      return 0;
    }
  }

  private static int lengthOf(int first) {
    if (first < 0x80) {
      return 1;
    }
    if (first < 0xC2 || first > 0xF4) {
      return 0;
    }
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  }
}
