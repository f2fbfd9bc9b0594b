package io.kapsel.engine.spec;

/** A value that a caller gave and that makes no sense, with what would make sense. */
public final class InvalidRequestException extends IllegalArgumentException {
  /** With the whole reason. */
  public InvalidRequestException(String message) {
    super(message);
  }

  @SuppressWarnings("AnnotateFormatMethod") // its annotation would be one more dependency
  public static void unless(boolean condition, String message, Object... values) {
    if (!condition) {
      throw new InvalidRequestException(message.formatted(values));
    }
  }
}
