package io.kapsel.runtime.criu;

/** What CRIU does not do. */
public final class CriuException extends RuntimeException {
  /** With what is known of the reason. */
  public CriuException(String message) {
    super(message);
  }
}
