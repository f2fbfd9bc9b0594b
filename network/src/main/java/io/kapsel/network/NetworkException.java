package io.kapsel.network;

import org.jspecify.annotations.Nullable;

/** Why something about a network was not done; the cases are what a caller does about it. */
public abstract sealed class NetworkException extends RuntimeException {
  private NetworkException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** There is no such network. */
  public static final class NotFound extends NetworkException {
    /** With what was looked for. */
    public NotFound(String reference) {
      super("cannot find network '%s': there is no such network".formatted(reference), null);
    }
  }

  /** Something that exists is in the way. */
  public static final class Conflict extends NetworkException {
    /** With what was to be done with what, and what is in the way. */
    public Conflict(String action, String reference, String reason) {
      super("cannot %s '%s': %s".formatted(action, reference, reason), null);
    }
  }

  /** The request makes no sense. */
  public static final class Invalid extends NetworkException {
    /** With what was to be done with what, and what is wrong with it. */
    public Invalid(String action, String reference, String reason) {
      super("cannot %s '%s': %s".formatted(action, reference, reason), null);
    }
  }

  /** This host cannot do it. */
  public static final class Failed extends NetworkException {
    /** With what was to be done with what, and what went wrong. */
    public Failed(String action, String reference, String reason, @Nullable Throwable cause) {
      super("cannot %s '%s': %s".formatted(action, reference, reason), cause);
    }
  }
}
