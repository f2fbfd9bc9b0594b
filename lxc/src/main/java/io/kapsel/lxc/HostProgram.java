package io.kapsel.lxc;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.memory.Memfd;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Spawn;
import io.kapsel.linux.process.WaitStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A program of the host that a configuration or a command line names, run to its end. */
final class HostProgram {
  private static final int MOST_OUTPUT = 4 << 20;
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private HostProgram() {}

  /**
   * How it ended, and what it said on both streams.
   *
   * @param status nothing where it did not end in time, and was killed with what it started
   */
  record Ended(Optional<WaitStatus> status, String said) {}

  /** Runs it with this environment; throws {@code SyscallException} where it cannot be executed. */
  static Ended run(List<String> words, List<String> environment) {
    try (Fd output = Memfd.room("output", MOST_OUTPUT);
        Child child =
            Spawn.path(words.getFirst())
                .arguments(words)
                .environment(environment)
                .descriptor(1, output)
                .descriptor(2, output)
                .session()
                .start()) {
      Optional<WaitStatus> status = child.await(LIMIT);
      if (status.isEmpty()) {
        child.killGroup();
        child.await();
      }
      return new Ended(status, said(output));
    }
  }

  /** What was written into the room, up to the first zero. */
  private static String said(Fd output) {
    byte[] all = new byte[MOST_OUTPUT];
    int length = Math.max(Content.readAt(output, 0, all, 0, all.length), 0);
    int end = 0;
    while (end < length && all[end] != 0) {
      end++;
    }
    return new String(all, 0, end, StandardCharsets.UTF_8);
  }
}
