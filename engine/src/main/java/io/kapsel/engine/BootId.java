package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Which start of the machine this is: what ran under another one runs no more. */
final class BootId {
  private static final Path FILE = Path.of("/proc/sys/kernel/random/boot_id");

  private BootId() {}

  /** The identifier of this start. */
  public static String read() {
    try {
      return Files.readString(FILE).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read '" + FILE + "': " + AtomicFile.reason(e), e);
    }
  }
}
