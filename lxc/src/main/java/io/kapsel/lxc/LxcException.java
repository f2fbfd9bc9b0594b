package io.kapsel.lxc;

/** Why one of LXC's programs does not do what it was asked for. */
public class LxcException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  /** With what the caller is told; its exit code is 1. */
  public LxcException(String message) {
    this(1, message);
  }

  /** With another exit code. */
  public LxcException(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  /** What the program returns. */
  public int exitCode() {
    return exitCode;
  }
}
