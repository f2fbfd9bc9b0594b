package io.kapsel.base;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Random identifiers of 64 hexadecimal digits, and what may abbreviate them. */
public final class HexId {
  /** Digits of a whole identifier. */
  public static final int LENGTH = 64;

  /** Digits that listings show. */
  public static final int SHORT_LENGTH = 12;

  private static final SecureRandom RANDOM = new SecureRandom();

  private HexId() {}

  /**
   * A new identifier; its short form is never all digits, so that it cannot be taken for a number.
   */
  public static String random() {
    byte[] bytes = new byte[LENGTH / 2];
    while (true) {
      RANDOM.nextBytes(bytes);
      String id = HexFormat.of().formatHex(bytes);
      if (!id.substring(0, SHORT_LENGTH).chars().allMatch(Character::isDigit)) {
        return id;
      }
    }
  }

  /** Whether {@code text} is a whole identifier. */
  public static boolean isWhole(String text) {
    return text.length() == LENGTH && isPrefix(text);
  }

  /** Whether {@code text} could be the beginning of an identifier. */
  public static boolean isPrefix(String text) {
    return !text.isEmpty()
        && text.length() <= LENGTH
        && text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
  }

  /** The short form of an identifier. */
  public static String abbreviate(String id) {
    return id.length() <= SHORT_LENGTH ? id : id.substring(0, SHORT_LENGTH);
  }
}
