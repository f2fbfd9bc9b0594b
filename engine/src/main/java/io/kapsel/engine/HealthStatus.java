package io.kapsel.engine;

import java.time.Instant;
import java.util.List;

/**
 * Whether a container works.
 *
 * @param failures how many looks in a row have failed
 * @param looks the latest, the oldest first
 */
public record HealthStatus(State state, int failures, List<Look> looks) {
  /** What is known. */
  public enum State {
    /** Nothing yet. */
    STARTING,
    /** It works. */
    HEALTHY,
    /** It does not. */
    UNHEALTHY;

    @Override
    public String toString() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /**
   * One look.
   *
   * @param exitCode 0: it works; -1: the look took too long or could not be made
   * @param output what it said, cut off
   */
  public record Look(Instant start, Instant end, int exitCode, String output) {}

  /** Before the first look. */
  static final HealthStatus UNKNOWN = new HealthStatus(State.STARTING, 0, List.of());

  /** Copies the list. */
  public HealthStatus {
    looks = List.copyOf(looks);
  }
}
