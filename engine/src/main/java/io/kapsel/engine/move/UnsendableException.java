package io.kapsel.engine.move;

/** A tree cannot be sent as it is; the message says why. */
public final class UnsendableException extends RuntimeException {
  UnsendableException(String message) {
    super(message);
  }
}
