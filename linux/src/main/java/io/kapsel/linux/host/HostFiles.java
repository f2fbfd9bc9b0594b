package io.kapsel.linux.host;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The files in which a kernel tells about itself. */
final class HostFiles {
  /** No file that is read here is longer. */
  private static final int MOST = 1 << 20;

  private HostFiles() {}

  /**
   * The content, by large reads: many files of /proc/sys give their first bytes to a small read and
   * the end of the file to the next one.
   */
  static String whole(Path path) throws IOException {
    try (InputStream in = Files.newInputStream(path)) {
      return new String(in.readNBytes(MOST), StandardCharsets.UTF_8);
    }
  }
}
