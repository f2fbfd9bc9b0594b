package io.kapsel.engine.files;

/**
 * Where a copy goes: below which directory, and under which name there. The rules are those of
 * Docker's command.
 *
 * @param directory which must be there
 * @param as the name of what is copied; {@code .}: what is in it goes into the directory itself
 */
public record CopyPlan(String directory, String as) {
  /** Both do not go together. */
  public static final class Impossible extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private Impossible(String reason) {
      super(reason);
    }
  }

  /**
   * What is copied.
   *
   * @param name its last part; {@code .}: what is in the directory
   */
  public record Source(boolean directory, String name) {}

  /** What is at the other end. */
  public enum Target {
    /** Nothing. */
    MISSING,
    /** A directory. */
    DIRECTORY,
    /** Anything else. */
    FILE
  }

  /**
   * Decides it.
   *
   * @param path as it was written, after links
   */
  public static CopyPlan of(Source source, Target target, String path) {
    String clean = PathText.clean(path);
    if (target == Target.DIRECTORY) {
      return new CopyPlan(clean, source.name());
    }
    if (target == Target.FILE && source.directory()) {
      throw new Impossible("cannot copy directory");
    }
    if (target == Target.MISSING && !source.directory() && PathText.saysDirectory(path)) {
      throw new Impossible("no such directory");
    }
    return new CopyPlan(PathText.parent(clean), PathText.base(clean));
  }
}
