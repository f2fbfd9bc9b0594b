package io.kapsel.cli.command.container;

import io.kapsel.cli.command.CommandException;
import io.kapsel.linux.process.Signal;

/** Signals as users write them. */
final class Signals {
  private Signals() {}

  /** The number of {@code 9}, {@code KILL} or {@code SIGKILL}. */
  static int number(String text) {
    return Signal.parse(text)
        .orElseThrow(() -> new CommandException(1, "invalid signal: " + text))
        .number();
  }
}
