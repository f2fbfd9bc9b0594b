package io.kapsel.linux.seccomp;

/** A profile that cannot become a filter: unknown words, contradictions, or too many rules. */
public final class SeccompException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** {@code message} is whole: {@code cannot ‹verb› ‹object›: ‹reason›}. */
  public SeccompException(String message) {
    super(message);
  }
}
