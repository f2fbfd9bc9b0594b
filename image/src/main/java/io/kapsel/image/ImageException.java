package io.kapsel.image;

import org.jspecify.annotations.Nullable;

/** Why something with an image could not be done, by what the caller can do about it. */
public abstract sealed class ImageException extends RuntimeException {
  private ImageException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** No such image, tag, layer or repository. */
  public static final class NotFound extends ImageException {
    /** An error in the grammar {@code cannot <verb> <object>: <reason>}. */
    public NotFound(String message) {
      super(message, null);
    }
  }

  /** What was asked for, or what an image or an archive holds, breaks a rule. */
  public static final class Invalid extends ImageException {
    /** An error in the grammar {@code cannot <verb> <object>: <reason>}. */
    public Invalid(String message) {
      super(message, null);
    }
  }

  /** The image is in use, or its name means something else. */
  public static final class Conflict extends ImageException {
    /** An error in the grammar {@code cannot <verb> <object>: <reason>}. */
    public Conflict(String message) {
      super(message, null);
    }
  }

  /** A registry refuses, or its answer may not be trusted. */
  public static final class Refused extends ImageException {
    /** An error in the grammar {@code cannot <verb> <object>: <reason>}. */
    public Refused(String message) {
      super(message, null);
    }
  }

  /** The host, the disk or the network failed. */
  public static final class Failed extends ImageException {
    /** An error in the grammar {@code cannot <verb> <object>: <reason>}. */
    public Failed(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }
}
