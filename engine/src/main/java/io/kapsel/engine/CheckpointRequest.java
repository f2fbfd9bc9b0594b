package io.kapsel.engine;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How a container is to be frozen into files.
 *
 * @param name of the checkpoint
 * @param directory where it is kept; absent: with the container, and as long as that
 * @param leaveRunning whether the container goes on
 * @param connections whether it may have connections of TCP, which are kept
 * @param locks whether it may have locks of files, which are kept
 * @param ahead a copy of memory that was made ahead, of which only changes are written
 * @param script a program of the host that is told of each stage and may refuse it
 */
public record CheckpointRequest(
    String name,
    Optional<Path> directory,
    boolean leaveRunning,
    boolean connections,
    boolean locks,
    Optional<Path> ahead,
    Optional<Path> script) {
  /** One by itself, of which nobody is told. */
  public CheckpointRequest(
      String name,
      Optional<Path> directory,
      boolean leaveRunning,
      boolean connections,
      boolean locks) {
    this(name, directory, leaveRunning, connections, locks, Optional.empty(), Optional.empty());
  }

  /** One that stops the container, and is kept with it. */
  public static CheckpointRequest of(String name) {
    return new CheckpointRequest(name, Optional.empty(), false, false, false);
  }
}
