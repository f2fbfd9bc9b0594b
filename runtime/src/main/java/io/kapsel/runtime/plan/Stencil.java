package io.kapsel.runtime.plan;

import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

/**
 * What differs between the plans of two containers that are otherwise alike.
 *
 * @param id 64 hexadecimal digits, whose first twelve may stand alone as a host name
 * @param firstId the first of its host user and group ids, if it has a range of its own
 * @param count how many ids the range has
 */
public record Stencil(String id, OptionalLong firstId, long count) {
  static final int SHORT = 12;

  byte[] whole() {
    return ascii(id);
  }

  byte[] beginning() {
    return ascii(id.substring(0, SHORT));
  }

  byte[] decimal() {
    return ascii(firstId.isPresent() ? Long.toString(firstId.getAsLong()) : "");
  }

  /** How many digits the first id has: plans with another number of them differ in size. */
  public int digits() {
    return decimal().length;
  }

  boolean covers(long value) {
    return firstId.isPresent()
        && value >= firstId.getAsLong()
        && value - firstId.getAsLong() < count;
  }

  /** The same text for another container. */
  String carry(String text, Stencil to) {
    String carried =
        text.replace(id, to.id).replace(id.substring(0, SHORT), to.id.substring(0, SHORT));
    return firstId.isPresent() && to.firstId.isPresent()
        ? carried.replace(Long.toString(firstId.getAsLong()), Long.toString(to.firstId.getAsLong()))
        : carried;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
