package io.kapsel.linux.netlink;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** The address of a link on Ethernet, written {@code 02:42:ac:11:00:02}. */
public record MacAddress(String text) {
  private static final Pattern FORM = Pattern.compile("([0-9a-f]{2}:){5}[0-9a-f]{2}");
  private static final HexFormat HEX = HexFormat.ofDelimiter(":");
  private static final int LENGTH = 6;

  /** Checks the form. */
  public MacAddress {
    text = text.toLowerCase(java.util.Locale.ROOT).replace('-', ':');
    if (!FORM.matcher(text).matches()) {
      throw new IllegalArgumentException("'" + text + "' is not a MAC address");
    }
    if ((Integer.parseInt(text.substring(0, 2), 16) & 1) != 0) {
      throw new IllegalArgumentException("'" + text + "' is a multicast address");
    }
  }

  /** From its six bytes. */
  public static MacAddress of(byte... bytes) {
    return new MacAddress(HEX.formatHex(Arrays.copyOf(bytes, LENGTH)));
  }

  /** Its six bytes. */
  public byte[] bytes() {
    return HEX.parseHex(text);
  }

  @Override
  public String toString() {
    return text;
  }
}
