package io.kapsel.engine;

import java.time.Instant;
import java.util.Optional;

/**
 * What a container is doing, at one moment.
 *
 * @param pid of its first process in the host's numbers, while it runs
 * @param monitorPid of its monitor, while it runs
 * @param error why its last start failed
 * @param paused whether its processes are stopped
 * @param restarting whether it has ended and is about to be started again
 * @param restartCount how often in a row its policy has started it again
 * @param health whether it works, when that is looked at
 * @param last how its process ended the last time, also while it runs again
 * @param stopped whether a user has stopped it
 */
public record ContainerStatus(
    Phase phase,
    Optional<Integer> pid,
    Optional<Integer> monitorPid,
    Instant createdAt,
    Optional<Instant> startedAt,
    Optional<ExitStatus> exit,
    Optional<String> error,
    boolean paused,
    boolean restarting,
    int restartCount,
    Optional<HealthStatus> health,
    Optional<EndFacts> last,
    boolean stopped) {
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
