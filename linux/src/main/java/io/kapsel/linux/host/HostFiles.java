package io.kapsel.linux.host;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The files in which a kernel tells about itself; a test puts its own in their place. */
interface HostFiles {
  /** No file that is read here is longer. */
  int MOST = 1 << 20;

  /** What is in the file; empty when there is none or it cannot be read. */
  String text(String path);

  /** Whether there is such a file. */
  boolean exists(String path);

  /**
   * Reads a file of /proc or /sys by one read. Numbers in /proc/sys answer a second read, at an
   * offset, with the end of the file: {@link Files#readString(Path)}, which first asks for a single
   * byte because the size is said to be 0, would see only the first digit.
   */
  static String whole(Path path) throws IOException {
    try (InputStream in = Files.newInputStream(path)) {
      return new String(in.readNBytes(MOST), StandardCharsets.UTF_8);
    }
  }

  /** Those of this host. */
  static HostFiles real() {
    return new HostFiles() {
      @Override
      public String text(String path) {
        try {
          return whole(Path.of(path)).strip();
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
