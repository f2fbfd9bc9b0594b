package io.kapsel.linux.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The files in which a kernel tells about itself; a test puts its own in their place. */
interface HostFiles {
  /** What is in the file; empty when there is none or it cannot be read. */
  String text(String path);

  /** Whether there is such a file. */
  boolean exists(String path);

  /** Those of this host. */
  static HostFiles real() {
    return new HostFiles() {
      @Override
      public String text(String path) {
        try {
          return Files.readString(Path.of(path)).strip();
        } catch (IOException e) {
          return "";
        }
      }

      @Override
      public boolean exists(String path) {
        return Files.exists(Path.of(path));
      }
    };
  }
}
