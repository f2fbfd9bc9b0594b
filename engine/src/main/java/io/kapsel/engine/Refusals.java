package io.kapsel.engine;

import io.kapsel.runtime.LaunchException;

/** What cannot become a configuration; the container's name is added where it is known. */
final class Refusals {
  /** A request that makes no sense, or that this host cannot do. */
  static final class CompileException extends RuntimeException {
    private final boolean refused;

    CompileException(String message, boolean refused) {
      super(message);
      this.refused = refused;
    }

    /** Whether it is the host that is in the way. */
    boolean refused() {
      return refused;
    }
  }

  private Refusals() {}

  @SuppressWarnings("AnnotateFormatMethod") // its annotation would be one more dependency
  static CompileException invalid(String message, Object... values) {
    return new CompileException(message.formatted(values), false);
  }

  @SuppressWarnings("AnnotateFormatMethod") // its annotation would be one more dependency
  static CompileException refused(String message, Object... values) {
    return new CompileException(message.formatted(values), true);
  }

  /** What a launch that failed is for whoever wanted to {@code action} the container. */
  static EngineException failure(String action, String container, LaunchException e) {
    String reason = String.valueOf(e.getMessage());
    return switch (e.kind()) {
      case NOT_FOUND ->
          new EngineException.LaunchFailed(
              container, reason, EngineException.LaunchFailed.NOT_FOUND, e);
      case NOT_EXECUTABLE ->
          new EngineException.LaunchFailed(
              container, reason, EngineException.LaunchFailed.NOT_EXECUTABLE, e);
      case REFUSED -> new EngineException.Refused(action, container, reason);
      case FAILED -> new EngineException.Failed(action, container, reason, e);
    };
  }
}
