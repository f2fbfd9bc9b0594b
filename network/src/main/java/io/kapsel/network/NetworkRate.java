package io.kapsel.network;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How many bits a second come into a container, and out of it, in each of its networks. */
public record NetworkRate(Optional<Long> in, Optional<Long> out) {
  private static final Pattern RATE =
      Pattern.compile("(\\d{1,9}(?:\\.\\d{1,6})?)([kmg]?)bit(?:/s)?");
  private static final Map<String, Long> UNITS =
      Map.of("", 1L, "k", 1_000L, "m", 1_000_000L, "g", 1_000_000_000L);
  private static final long LEAST = 8_000;
  private static final long MOST = 1_000_000_000_000L;

  /** Checks that it can be kept. */
  public NetworkRate {
    in.ifPresent(NetworkRate::check);
    out.ifPresent(NetworkRate::check);
  }

  private static void check(long rate) {
    if (rate < LEAST || rate > MOST) {
      throw new IllegalArgumentException(
          "a network rate of " + rate + " bits a second is not between 8kbit and 1000gbit");
    }
  }

  /** Reads {@code 10mbit}, for both ways, or {@code in=100mbit,out=10mbit}, one of them or both. */
  public static NetworkRate parse(String text) {
    Optional<Long> in = Optional.empty();
    Optional<Long> out = Optional.empty();
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      String way = equals < 0 ? "" : part.substring(0, equals);
      Optional<Long> rate = Optional.of(rate(part.substring(equals + 1), text));
      switch (way) {
        case "" -> {
          in = rate;
          out = rate;
        }
        case "in" -> in = rate;
        case "out" -> out = rate;
        default -> throw invalid(text);
      }
    }
    return new NetworkRate(in, out);
  }

  private static long rate(String text, String whole) {
    Matcher matcher = RATE.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw invalid(whole);
    }
    long unit = UNITS.getOrDefault(matcher.group(2), 1L);
    return new BigDecimal(matcher.group(1))
        .multiply(BigDecimal.valueOf(unit))
        .setScale(0, RoundingMode.DOWN)
        .longValueExact();
  }

  private static IllegalArgumentException invalid(String text) {
    return new IllegalArgumentException(
        "'" + text + "' is not a network rate such as 10mbit, or in=1gbit,out=500kbit");
  }
}
