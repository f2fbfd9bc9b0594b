package io.kapsel.engine;

import org.jspecify.annotations.Nullable;

/** Why the engine did not do something; the cases are what a caller does about it. */
public abstract sealed class EngineException extends RuntimeException {
  private EngineException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** The case of that simple name, with a message that is whole already. */
  public static EngineException told(
      String kind, String message, int exitCode, @Nullable Throwable cause) {
    Told told = new Told(message, cause);
    return switch (kind) {
      case "NotFound" -> new NotFound(told);
      case "Conflict" -> new Conflict(told);
      case "Invalid" -> new Invalid(told);
      case "Refused" -> new Refused(told);
      case "LaunchFailed" -> new LaunchFailed(told, exitCode);
      default -> new Failed(told);
    };
  }

  private record Told(String message, @Nullable Throwable cause) {}

  /** There is no such thing. */
  public static final class NotFound extends EngineException {
    private NotFound(Told told) {
      super(told.message(), told.cause());
    }

    /** With the container that was looked for. */
    public NotFound(String reference) {
      this(reference, "there is no such container");
    }

    /** With what was looked for, and what there is none of. */
    public NotFound(String reference, String what) {
      super("cannot find '%s': %s".formatted(reference, what), null);
    }
  }

  /** The container's state, or another one's name, is in the way. */
  public static final class Conflict extends EngineException {
    private Conflict(Told told) {
      super(told.message(), told.cause());
    }

    /** With what was to be done with what, and what is in the way. */
    public Conflict(String action, String reference, String state) {
      super("cannot %s '%s': %s".formatted(action, reference, state), null);
    }
  }

  /** The request makes no sense. */
  public static final class Invalid extends EngineException {
    private Invalid(Told told) {
      super(told.message(), told.cause());
    }

    /** With what was to be done with what, and what is wrong with it. */
    public Invalid(String action, String reference, String reason) {
      super("cannot %s '%s': %s".formatted(action, reference, reason), null);
    }
  }

  /** This host cannot do it, or a protection that was promised cannot be had. */
  public static final class Refused extends EngineException {
    private Refused(Told told) {
      super(told.message(), told.cause());
    }

    /** With what was to be done with what, and why it is refused. */
    public Refused(String action, String reference, String reason) {
      super("cannot %s '%s': %s".formatted(action, reference, reason), null);
    }
  }

  /** Something went wrong. */
  public static final class Failed extends EngineException {
    private Failed(Told told) {
      super(told.message(), told.cause());
    }

    /** With what was to be done with what, and what went wrong. */
    public Failed(String action, String reference, String reason, @Nullable Throwable cause) {
      super("cannot %s '%s': %s".formatted(action, reference, reason), cause);
    }
  }

  /** The program could not be started. */
  public static final class LaunchFailed extends EngineException {
    /** The exit code of Docker for a program that may not be executed. */
    public static final int NOT_EXECUTABLE = 126;

    /** The exit code of Docker for a program that is not there. */
    public static final int NOT_FOUND = 127;

    private final int exitCode;

    private LaunchFailed(Told told, int exitCode) {
      super(told.message(), told.cause());
      this.exitCode = exitCode;
    }

    /** With the container, what went wrong, and the exit code that tells it to scripts. */
    public LaunchFailed(String reference, String reason, int exitCode, @Nullable Throwable cause) {
      super("cannot start '%s': %s".formatted(reference, reason), cause);
      this.exitCode = exitCode;
    }

    /** {@link #NOT_EXECUTABLE} or {@link #NOT_FOUND}. */
    public int exitCode() {
      return exitCode;
    }
  }
}
