package io.kapsel.cli.command;

/** Too few or too many operands on a command line. */
public final class OperandException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public OperandException(String message) {
    super(message);
  }
}
