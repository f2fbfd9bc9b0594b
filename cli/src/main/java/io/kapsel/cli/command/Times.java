package io.kapsel.cli.command;

import io.kapsel.base.GoDuration;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Times as people write and read them. */
public final class Times {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss Z 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private Times() {}

  /** A point in time, or a span before {@code now}, or seconds since 1970. */
  public static Instant instant(String text, Instant now) {
    try {
      if (text.matches("[0-9]+(\\.[0-9]{1,9})?")) {
        BigDecimal seconds = new BigDecimal(text);
        long whole = seconds.longValue();
        return Instant.ofEpochSecond(
            whole, seconds.subtract(BigDecimal.valueOf(whole)).movePointRight(9).longValue());
      }
      if (!text.matches("[0-9]{4}-.*")) {
        return now.minus(GoDuration.parse(text));
      }
      if (text.length() == "2026-01-31".length()) {
        return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
      }
      return text.matches(".*(Z|[+-][0-9]{2}:[0-9]{2})")
          ? OffsetDateTime.parse(text).toInstant()
          : LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
    } catch (DateTimeException | IllegalArgumentException e) {
      throw new CommandException(
          1, "invalid time '" + text + "': it is neither like 2026-01-31T12:00:00Z nor like 42m");
    }
  }

  /** A span of time that is longer than none. */
  public static Duration duration(String text) {
    Duration duration = GoDuration.parse(text);
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException("is no time at all");
    }
    return duration;
  }

  /** A time as Go prints it. */
  public static String print(Instant instant) {
    return TIME.format(instant);
  }
}
