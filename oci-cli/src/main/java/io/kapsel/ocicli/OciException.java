package io.kapsel.ocicli;

import org.jspecify.annotations.Nullable;

/** What a caller is told, in words that callers of runc look for. */
final class OciException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int exitCode;

  OciException(String message) {
    this(1, message, null);
  }

  OciException(String message, Throwable cause) {
    this(1, message, cause);
  }

  OciException(int exitCode, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  int exitCode() {
    return exitCode;
  }

  String text() {
    return String.valueOf(getMessage());
  }
}
