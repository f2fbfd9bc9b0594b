package io.kapsel.oci;

/** A part of a configuration that the specification, or the engine, does not accept. */
public final class InvalidSpecException extends RuntimeException {
  private final String path;

  /**
   * With where the part stands ({@code process.args}), what stands there, and why that is wrong.
   */
  public InvalidSpecException(String path, Object value, String why) {
    super("'%s' %s: '%s'".formatted(path, why, value));
    this.path = path;
  }

  /** Where the part stands. */
  public String path() {
    return path;
  }
}
