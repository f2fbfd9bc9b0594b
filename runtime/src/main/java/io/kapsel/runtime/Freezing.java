package io.kapsel.runtime;

import io.kapsel.runtime.criu.CriuSession;
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
 * @param told hears of the stages; what it throws lets the container go on
 */
public record Freezing(
    Path images,
    Path work,
    boolean leaveRunning,
    boolean connections,
    boolean locks,
    Optional<String> parent,
    CriuSession.Listener told) {
  /** The file that CRIU writes. */
  Path log() {
    return work.resolve("dump.log");
  }
}
