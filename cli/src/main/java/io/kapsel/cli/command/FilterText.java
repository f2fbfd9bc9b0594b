package io.kapsel.cli.command;

import io.kapsel.cli.flag.Values;
import java.util.Locale;
import java.util.Set;

/**
 * A {@code --filter}, as {@code KEY=value}. What is none is a flag that is wrong; a key or a value
 * that there is not is answered as Docker's daemon does it, with the exit code 1.
 */
public record FilterText(String key, String value) {
  /** Reads one of which the key is one of those. */
  public static FilterText parse(String text, Set<String> keys) {
    int equals = text.indexOf('=');
    if (equals < 0) {
      throw new IllegalArgumentException("bad format of filter (expected name=value)");
    }
    String key = text.substring(0, equals).strip().toLowerCase(Locale.ROOT);
    if (!keys.contains(key)) {
      throw invalid(key);
    }
    return new FilterText(key, text.substring(equals + 1).strip());
  }

  /** Its value as yes or no. */
  public boolean truth() {
    try {
      return Values.bool(value);
    } catch (IllegalArgumentException _) {
      throw invalid("%s=[%s]".formatted(key, value));
    }
  }

  /** What is said of a filter that there is not. */
  public static CommandException invalid(String filter) {
    return new CommandException(1, "invalid filter '" + filter + "'");
  }
}
