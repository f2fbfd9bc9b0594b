package io.kapsel.engine;

import java.time.Instant;
import java.util.Optional;

/**
 * What a container is doing, at one moment.
 *
 * @param pid of its first process in the host's numbers, while it runs
 * @param monitorPid of its monitor, while it runs
 * @param error why its last start failed
 */
public record ContainerStatus(
    Phase phase,
    Optional<Integer> pid,
    Optional<Integer> monitorPid,
    Instant createdAt,
    Optional<Instant> startedAt,
    Optional<ExitStatus> exit,
    Optional<String> error) {
  /** The phases of a life. */
  public enum Phase {
    /** Never started. */
    CREATED,
    /** Has a process. */
    RUNNING,
    /** Has none any more. */
    EXITED,
    /** On its way out. */
    REMOVING
  }
}
