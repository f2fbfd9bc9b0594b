package io.kapsel.cli.flag;

/** A command line that does not say anything: an unknown flag, a missing value, a bad number. */
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says what is wrong, in the words that Docker's users know. */
  public UsageException(String message) {
    super(message);
  }
}
