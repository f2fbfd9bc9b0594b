package io.kapsel.base;

/** A JSON text that is none, or that does not say what was expected. */
public final class JsonException extends RuntimeException {
  /** With what is wrong where. */
  public JsonException(String message) {
    super(message);
  }

  /** With what is wrong where, and who found it. */
  public JsonException(String message, Throwable cause) {
    super(message, cause);
  }
}
