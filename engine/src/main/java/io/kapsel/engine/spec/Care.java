package io.kapsel.engine.spec;

import java.util.Optional;

/**
 * What the engine does for a container of its own accord.
 *
 * @param startOrder its place among those that start with the engine, lower ones first; absent:
 *     after them
 * @param startDelaySeconds how long the next one waits after it
 * @param snapshotEverySeconds how often it is kept as it is
 * @param snapshotKeepSeconds how long such a snapshot stays; absent: until it is removed
 */
public record Care(
    Optional<Long> startOrder,
    int startDelaySeconds,
    Optional<Long> snapshotEverySeconds,
    Optional<Long> snapshotKeepSeconds) {
  /** Nothing. */
  public static final Care NONE = new Care(Optional.empty(), 0, Optional.empty(), Optional.empty());

  private static final long SHORTEST = 10;

  /** Checks each part. */
  public Care {
    InvalidRequestException.unless(
        startDelaySeconds >= 0, "a delay of %s seconds", startDelaySeconds);
    snapshotEverySeconds.ifPresent(seconds ->
        InvalidRequestException.unless(
            seconds >= SHORTEST, "a snapshot cannot be taken more often than every 10s"));
    boolean every = snapshotEverySeconds.isPresent();
    snapshotKeepSeconds.ifPresent(seconds ->
        InvalidRequestException.unless(
            every && seconds > 0, "--snapshot-keep is for snapshots of --snapshot-every"));
  }
}
