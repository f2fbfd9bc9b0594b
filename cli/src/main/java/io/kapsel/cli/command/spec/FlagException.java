package io.kapsel.cli.command.spec;

/** A flag's value that Docker's client refuses by itself, before it asks anybody. */
public final class FlagException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  FlagException(String message) {
    super(message);
  }
}
