package io.kapsel.cli.flag;

import java.util.Optional;
import java.util.function.Function;

/**
 * One flag of a command: its names, what turns its text into a value, and its line in the help.
 *
 * <p>Flags are constants, compared by identity; {@link Arguments} hands out their typed values.
 *
 * @param <T> what one occurrence of the flag says
 */
public final class Flag<T> {
  private static final char NONE = 0;

  private final String name;
  private final char shorthand;
  private final String placeholder;
  private final String usage;
  private final Function<String, T> parser;

  private Flag(
      String name, char shorthand, String placeholder, String usage, Function<String, T> parser) {
    this.name = name;
    this.shorthand = shorthand;
    this.placeholder = placeholder;
    this.usage = usage;
    this.parser = parser;
  }

  /** A flag that is there or not, and may be said as {@code --name=false}. */
  public static Flag<Boolean> toggle(String name, String usage) {
    return new Flag<>(name, NONE, "", usage, Values::bool);
  }

  /** Like {@link #toggle(String, String)} with a one-letter form. */
  public static Flag<Boolean> toggle(char shorthand, String name, String usage) {
    return new Flag<>(name, shorthand, "", usage, Values::bool);
  }

  /** A flag with any text as its value. */
  public static Flag<String> text(String name, String placeholder, String usage) {
    return new Flag<>(name, NONE, placeholder, usage, Function.identity());
  }

  /** Like {@link #text(String, String, String)} with a one-letter form. */
  public static Flag<String> text(char shorthand, String name, String placeholder, String usage) {
    return new Flag<>(name, shorthand, placeholder, usage, Function.identity());
  }

  /** A flag whose value {@code parser} makes, or refuses by an IllegalArgumentException. */
  public static <T> Flag<T> of(
      String name, String placeholder, String usage, Function<String, T> parser) {
    return new Flag<>(name, NONE, placeholder, usage, parser);
  }

  /** This flag with a one-letter form as well. */
  public Flag<T> shorthand(char letter) {
    return new Flag<>(name, letter, placeholder, usage, parser);
  }

  /** The long name, without dashes. */
  public String name() {
    return name;
  }

  /** The one-letter form. */
  public Optional<Character> letter() {
    return shorthand == NONE ? Optional.empty() : Optional.of(shorthand);
  }

  /** What the help calls the value; empty for a toggle. */
  public String placeholder() {
    return placeholder;
  }

  /** What the flag is for, one phrase; a line feed in it starts a new line. */
  public String usage() {
    return usage;
  }

  /** Whether the flag stands alone, without a value after it. */
  public boolean isToggle() {
    return placeholder.isEmpty();
  }

  T parse(String text) {
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw new UsageException(
          "invalid argument \"" + text + "\" for \"" + title() + "\" flag: " + e.getMessage());
    }
  }

  /** The names as users see them: {@code -m, --memory}. */
  String title() {
    return (shorthand == NONE ? "" : "-" + shorthand + ", ") + "--" + name;
  }

  @Override
  public String toString() {
    return title();
  }
}
