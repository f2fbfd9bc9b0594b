package io.kapsel.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Who reaps this engine, when that is not the init of the machine: a program such as conmon that
 * takes in the orphans of the OCI runtime which it calls, and with them the engine that the runtime
 * has started. At its end conmon lets go of everything and waits until it has no children.
 *
 * @param pid of that program
 */
record Reaper(long pid) {
  private static final int STANDARD_STREAMS = 3;

  static Optional<Reaper> other() {
    return ProcessHandle.current()
        .parent()
        .map(ProcessHandle::pid)
        .filter(pid -> pid > 1)
        .map(Reaper::new);
  }

  /** Whether it does nothing any more but wait for this engine to end. */
  boolean waits() {
    boolean still =
        ProcessHandle.current().parent().map(ProcessHandle::pid).equals(Optional.of(pid));
    return still && descriptors() <= STANDARD_STREAMS;
  }

  private long descriptors() {
    try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
      return open.count();
    } catch (IOException e) {
      return Long.MAX_VALUE; // nobody can say
    }
  }
}
