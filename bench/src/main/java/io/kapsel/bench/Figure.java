package io.kapsel.bench;

import java.util.Locale;
import java.util.function.DoublePredicate;

/**
 * One measured number beside its promise.
 *
 * @param check the name that SPECIFICATION.md uses
 * @param detail what the number was made from
 */
record Figure(String check, String what, double value, String limit, boolean held, String detail) {
  static Figure atMost(String check, String what, double value, double limit, String detail) {
    return of(check, what, value, "≤ " + text(limit), number -> number <= limit, detail);
  }

  static Figure atLeast(String check, String what, double value, double limit, String detail) {
    return of(check, what, value, "≥ " + text(limit), number -> number >= limit, detail);
  }

  static Figure reported(String check, String what, double value, String detail) {
    return of(check, what, value, "reported", number -> true, detail);
  }

  private static Figure of(
      String check, String what, double value, String limit, DoublePredicate fits, String detail) {
    return new Figure(check, what, value, limit, fits.test(value), detail);
  }

  /** A row of a Markdown table. */
  String row() {
    return "| `%s` | %s | %s | %s | %s | %s |"
        .formatted(check, what, limit, text(value), held ? "yes" : "**no**", detail);
  }

  static String text(double value) {
    if (value == Math.rint(value)) {
      return Long.toString((long) value);
    }
    return String.format(Locale.ROOT, Math.abs(value) < 10 ? "%.2f" : "%.1f", value);
  }
}
