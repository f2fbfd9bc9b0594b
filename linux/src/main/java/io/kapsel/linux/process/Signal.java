package io.kapsel.linux.process;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A signal by number, with its name; see signal(7). */
public record Signal(int number) {
  private static final List<String> NAMES =
      List.of(
          "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
          "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
          "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");
  private static final int LAST = 64;
  private static final int REAL_TIME_LEAST = 34; // the C library keeps 32 and 33
  private static final int MIDDLE = 49;

  /** The signal that ends a process without being asked. */
  public static final Signal KILL = new Signal(9);

  /** The signal that asks a process to end. */
  public static final Signal TERM = new Signal(15);

  /** A signal of that number, 1 to 64. */
  public Signal {
    if (number < 1 || number > LAST) {
      throw new IllegalArgumentException("cannot use signal '" + number + "': not in 1 to 64");
    }
  }

  /**
   * The signal of that name, with or without SIG, in any case, or of that number; {@code RTMIN+n}
   * and {@code RTMAX-n} as well.
   */
  public static Optional<Signal> parse(String text) {
    String name = text.toUpperCase(Locale.ROOT);
    if (name.startsWith("SIG")) {
      name = name.substring(3);
    } else if (name.matches("[0-9]{1,2}")) {
      return of(Integer.parseInt(name));
    }
    int index = NAMES.indexOf(synonym(name));
    return index >= 0 ? of(index + 1) : realTime(name);
  }

  /** The name, such as {@code SIGTERM} or {@code SIGRTMIN+3}. */
  public String label() {
    if (number <= NAMES.size()) {
      return "SIG" + NAMES.get(number - 1);
    }
    if (number < REAL_TIME_LEAST) {
      return "SIG" + number;
    }
    if (number <= MIDDLE) {
      return number == REAL_TIME_LEAST ? "SIGRTMIN" : "SIGRTMIN+" + (number - REAL_TIME_LEAST);
    }
    return number == LAST ? "SIGRTMAX" : "SIGRTMAX-" + (LAST - number);
  }

  private static String synonym(String name) {
    return switch (name) {
      case "IOT" -> "ABRT";
      case "CLD" -> "CHLD";
      case "POLL" -> "IO";
      default -> name;
    };
  }

  private static Optional<Signal> realTime(String name) {
    if (!name.matches("RTMIN(\\+[0-9]{1,2})?|RTMAX(-[0-9]{1,2})?")) {
      return Optional.empty();
    }
    int offset = name.length() == 5 ? 0 : Integer.parseInt(name.substring(6));
    int found = name.startsWith("RTMIN") ? REAL_TIME_LEAST + offset : LAST - offset;
    return found < REAL_TIME_LEAST ? Optional.empty() : of(found);
  }

  private static Optional<Signal> of(int number) {
    return number < 1 || number > LAST ? Optional.empty() : Optional.of(new Signal(number));
  }
}
