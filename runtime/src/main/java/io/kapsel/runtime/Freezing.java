package io.kapsel.runtime;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How a container is frozen into files.
 *
 * @param images an empty directory for them
 * @param work an absolute directory for what CRIU writes besides
 * @param leaveRunning whether the container goes on
 * @param connections whether its connections of TCP are kept; without, it must not have any
 * @param locks whether locks of its files are kept; without, it must not have any
 * @param parent the images of a round before, relative to these
 */
public record Freezing(
    Path images,
    Path work,
    boolean leaveRunning,
    boolean connections,
    boolean locks,
    Optional<String> parent) {
  /** The file that CRIU writes. */
  Path log() {
    return work.resolve("dump.log");
  }
}
