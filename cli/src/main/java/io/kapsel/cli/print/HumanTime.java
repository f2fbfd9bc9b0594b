package io.kapsel.cli.print;

import java.time.Duration;
import java.time.Instant;

/** Spans of time in the words that {@code ps} uses. */
public final class HumanTime {
  private static final int HOURS_A_DAY = 24;
  private static final int HOURS_A_WEEK = 7 * HOURS_A_DAY;
  private static final int HOURS_A_MONTH = 30 * HOURS_A_DAY;
  private static final int HOURS_A_YEAR = 365 * HOURS_A_DAY;
  private static final int HALF_AN_HOUR_IN_MINUTES = 30;

  private HumanTime() {}

  /** For example {@code 3 minutes ago}. */
  public static String ago(Instant then, Instant now) {
    return span(Duration.between(then, now)) + " ago";
  }

  /** For example {@code About an hour}; what lies in the future counts as nothing. */
  public static String span(Duration span) {
    long seconds = Math.max(0, span.toSeconds());
    long minutes = seconds / 60;
    long hours = (minutes + HALF_AN_HOUR_IN_MINUTES) / 60;
    if (seconds < 1) {
      return "Less than a second";
    }
    if (seconds < 60) {
      return seconds == 1 ? "1 second" : seconds + " seconds";
    }
    if (minutes < 60) {
      return minutes == 1 ? "About a minute" : minutes + " minutes";
    }
    return hours == 1 ? "About an hour" : days(hours);
  }

  private static String days(long hours) {
    if (hours < 2 * HOURS_A_DAY) {
      return hours + " hours";
    }
    if (hours < 2 * HOURS_A_WEEK) {
      return hours / HOURS_A_DAY + " days";
    }
    if (hours < 2 * HOURS_A_MONTH) {
      return hours / HOURS_A_WEEK + " weeks";
    }
    if (hours < 2 * HOURS_A_YEAR) {
      return hours / HOURS_A_MONTH + " months";
    }
    return hours / HOURS_A_YEAR + " years";
  }
}
