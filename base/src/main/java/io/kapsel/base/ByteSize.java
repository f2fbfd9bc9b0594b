package io.kapsel.base;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Amounts of bytes as people write them: {@code 64m}, {@code 1.5GiB}; and as listings show them.
 */
public final class ByteSize {
  private static final Pattern FORM =
      Pattern.compile("(\\d+(?:\\.\\d+)?) ?([kmgtpe]?)(i?b)?", Pattern.CASE_INSENSITIVE);
  private static final String PREFIXES = "kmgtpe";
  private static final List<String> BINARY = List.of("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB");
  private static final List<String> DECIMAL = List.of("B", "kB", "MB", "GB", "TB", "PB", "EB");
  private static final MathContext FOUR_DIGITS = new MathContext(4, RoundingMode.HALF_EVEN);
  private static final MathContext THREE_DIGITS = new MathContext(3, RoundingMode.HALF_EVEN);

  private ByteSize() {}

  /**
   * Reads an amount whose prefixes are powers of 1024, as memory is measured.
   *
   * @throws IllegalArgumentException with a reason when it is none
   */
  public static long parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException("'" + text + "' is not a size such as 64m or 1.5g");
    }
    String prefix = matcher.group(2).toLowerCase(Locale.ROOT);
    int power = prefix.isEmpty() ? 0 : PREFIXES.indexOf(prefix) + 1;
    BigDecimal bytes =
        new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(1024).pow(power));
    if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw new IllegalArgumentException("'" + text + "' is more than 64 bits can count");
    }
    return bytes.longValue();
  }

  /** With binary units and four digits: {@code 64MiB}. */
  public static String printBinary(long bytes) {
    return print(bytes, 1024, BINARY, FOUR_DIGITS);
  }

  /** With decimal units and three digits: {@code 1.24MB}. */
  public static String printDecimal(long bytes) {
    return print(bytes, 1000, DECIMAL, THREE_DIGITS);
  }

  private static String print(long bytes, int base, List<String> units, MathContext digits) {
    BigDecimal value = BigDecimal.valueOf(bytes);
    BigDecimal step = BigDecimal.valueOf(base);
    int unit = 0;
    while (value.compareTo(step) >= 0 && unit < units.size() - 1) {
      value = value.divide(step);
      unit++;
    }
    BigDecimal rounded = value.round(digits);
    String number = rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
    return number + units.get(unit);
  }
}
