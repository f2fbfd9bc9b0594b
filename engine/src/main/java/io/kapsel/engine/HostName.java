package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this machine is called. */
final class HostName {
  private static final Path FILE = Path.of("/proc/sys/kernel/hostname");

  private HostName() {}

  /** The name as the kernel has it; it may be any text of at most 64 bytes. */
  static String read() {
    try {
      return Files.readString(FILE).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read '" + FILE + "': " + AtomicFile.reason(e), e);
    }
  }
}
