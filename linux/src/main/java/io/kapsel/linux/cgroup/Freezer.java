package io.kapsel.linux.cgroup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Stops and resumes all processes of a group; see cgroups(7). The freezer of version 1 is the one
 * that counts where a group has both.
 */
public record Freezer(Optional<Path> v1, Optional<Path> unified) {
  private static final Duration PAUSE = Duration.ofMillis(1);

  /** Whether its processes are stopped, or about to be. */
  public boolean frozen() {
    return v1.isPresent()
        ? GroupFiles.text(v1.get().resolve("freezer.state")).matches("FROZEN|FREEZING")
        : unified
            .map(group -> GroupFiles.text(group.resolve("cgroup.freeze")).equals("1"))
            .orElse(false);
  }

  /**
   * Stops or resumes them, and waits until that is so.
   *
   * @return false when it is not so after that time
   */
  public boolean freeze(boolean frozen, Duration patience) throws IOException {
    long end = System.nanoTime() + patience.toNanos();
    for (boolean first = true; !settled(frozen, first); first = false) {
      if (System.nanoTime() > end) {
        return false;
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
    return true;
  }

  /** Version 1 has to be told again when a process was made meanwhile. */
  private boolean settled(boolean frozen, boolean first) throws IOException {
    if (v1.isPresent()) {
      String wanted = frozen ? "FROZEN" : "THAWED";
      Path file = v1.get().resolve("freezer.state");
      write(file, wanted);
      return GroupFiles.text(file).equals(wanted);
    }
    String wanted = frozen ? "1" : "0";
    Path group = unified.orElseThrow(() -> new NoSuchFileException("cgroup.freeze"));
    if (first) {
      write(group.resolve("cgroup.freeze"), wanted);
    }
    return GroupFiles.lines(group.resolve("cgroup.events")).contains("frozen " + wanted);
  }

  private static void write(Path file, String value) throws IOException {
    Files.writeString(file, value, StandardOpenOption.WRITE);
  }
}
