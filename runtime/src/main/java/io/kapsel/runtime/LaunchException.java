package io.kapsel.runtime;

import org.jspecify.annotations.Nullable;

/** A container or a program in it could not be started. Nothing of it is left. */
public final class LaunchException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What the caller does about it. */
  public enum Kind {
    /** The program is not there: exit code 127. */
    NOT_FOUND,
    /** The program cannot be executed: exit code 126. */
    NOT_EXECUTABLE,
    /** What was asked for cannot be had. */
    REFUSED,
    /** A step failed. */
    FAILED
  }

  private final Kind kind;

  /** With the reason, without what could not be done. */
  public LaunchException(Kind kind, @Nullable String message) {
    super(message);
    this.kind = kind;
  }

  /** What the caller does about it. */
  public Kind kind() {
    return kind;
  }
}
