package io.kapsel.cli.flag;

import io.kapsel.base.ByteSize;
import java.math.BigDecimal;

/** Texts of flags turned into values; a refusal is an IllegalArgumentException with the reason. */
public final class Values {
  private static final BigDecimal BILLION = BigDecimal.valueOf(1_000_000_000L);

  private Values() {}

  /** The words that Go takes for true and false. */
  public static boolean bool(String text) {
    return switch (text) {
      case "1", "t", "T", "true", "TRUE", "True" -> true;
      case "0", "f", "F", "false", "FALSE", "False" -> false;
      default -> throw new IllegalArgumentException("is neither true nor false");
    };
  }

  /** A decimal number. */
  public static long integer(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("is not a number", e);
    }
  }

  /** A number that is not negative. */
  public static int natural(String text) {
    long value = integer(text);
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("is out of range");
    }
    return (int) value;
  }

  /** A percentage, or -1 for what the kernel has. */
  public static long swappiness(String text) {
    long value = integer(text);
    if (value < -1 || value > 100) {
      throw new IllegalArgumentException(
          "invalid value: " + text + ". Valid memory swappiness range is 0-100");
    }
    return value;
  }

  /** A number of seconds; -1 stands for any number of them. */
  public static int seconds(String text) {
    long value = integer(text);
    if (value < -1 || value > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("is out of range");
    }
    return (int) value;
  }

  /** A preference of the OOM killer; see proc_pid_oom_score_adj(5). */
  public static int score(String text) {
    long value = integer(text);
    if (value < -1000 || value > 1000) {
      throw new IllegalArgumentException("is not between -1000 and 1000");
    }
    return (int) value;
  }

  /** Bytes as in {@code 64m}, {@code 1.5g}, {@code 512KiB}; units are powers of 1024. */
  public static long size(String text) {
    try {
      return ByteSize.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("invalid size: " + e.getMessage(), e);
    }
  }

  /** Like {@link #size}, with {@code -1} for no limit. */
  public static long sizeOrUnlimited(String text) {
    return text.equals("-1") ? -1 : size(text);
  }

  /** A number of CPUs such as {@code 0.5}, in billionths. */
  public static long nanoCpus(String text) {
    try {
      return new BigDecimal(text).multiply(BILLION).longValueExact();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("is not a number", e);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("is out of range or has more than nine decimals", e);
    }
  }
}
