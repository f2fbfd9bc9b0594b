package io.kapsel.engine;

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
}
