package io.kapsel.oci;

/** The root file system. */
public record Root(String path, boolean readonly) {
  /** Checks the path. */
  public Root {
    Check.that(!path.isEmpty(), "root.path", path, "is empty");
    Check.noNul("root.path", path);
  }
}
