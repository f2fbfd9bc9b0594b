package io.kapsel.systemd;

import org.jspecify.annotations.Nullable;

/** What systemd does not do, in its own words where it has said why. */
public final class SystemdException extends RuntimeException {
  /** {@code cannot ‹verb› ‹object›: ‹reason›}. */
  public SystemdException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
