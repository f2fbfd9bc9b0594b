package io.kapsel.engine.spec;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The terminals that a system has besides its console: {@code /dev/tty1} and so on.
 *
 * @param directory where they are below {@code /dev}, with links to them; usually there itself
 */
public record Ttys(int count, Optional<String> directory) {
  /** How many there can be. */
  public static final int MOST = 12;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}");

  /** Checks both. */
  public Ttys {
    InvalidRequestException.unless(
        count >= 1 && count <= MOST, "%s terminals: there can be 1 to %s", count, MOST);
    directory.ifPresent(name ->
        InvalidRequestException.unless(
            NAME.matcher(name).matches(), "'%s' is no name of a directory below /dev", name));
  }
}
