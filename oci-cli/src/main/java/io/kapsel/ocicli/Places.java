package io.kapsel.ocicli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The caller's paths as the engine can use them: from his working directory, and by way of his
 * root, where he has a mount namespace of his own.
 */
record Places(Path directory, Path root) {
  static Places of(Caller caller) {
    Path process = Path.of("/proc", Integer.toString(caller.pid()));
    boolean same =
        link(process.resolve("ns/mnt")).equals(link(Path.of("/proc/self/ns/mnt")))
            && link(process.resolve("root")).equals("/");
    return new Places(caller.directory(), same ? Path.of("/") : process.resolve("root"));
  }

  private static String link(Path path) {
    try {
      return Files.readSymbolicLink(path).toString();
    } catch (IOException e) {
      return "";
    }
  }

  /** An absolute path in the caller's own terms. */
  Path absolute(String path) {
    return directory.resolve(path).normalize();
  }

  /** The path for the engine. */
  Path of(String path) {
    return of(absolute(path));
  }

  /** The path for the engine. */
  Path of(Path path) {
    return root.getNameCount() == 0 ? path : Path.of(root + "/" + Path.of("/").relativize(path));
  }

  Places in(Path other) {
    return new Places(other, root);
  }
}
