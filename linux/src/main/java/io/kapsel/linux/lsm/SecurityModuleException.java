package io.kapsel.linux.lsm;

/** A protection of a security module that was promised and cannot be had. */
public final class SecurityModuleException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** {@code message} is whole: {@code cannot ‹verb› ‹object›: ‹reason›}. */
  public SecurityModuleException(String message) {
    super(message);
  }

  /** The same, with what it came from. */
  public SecurityModuleException(String message, Throwable cause) {
    super(message, cause);
  }
}
