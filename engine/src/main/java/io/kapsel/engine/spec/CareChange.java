package io.kapsel.engine.spec;

import java.util.Optional;

/**
 * What is to be another of {@link Care}; what is absent stays.
 *
 * @param snapshotEverySeconds 0: no more snapshots
 */
public record CareChange(
    Optional<Long> startOrder,
    Optional<Integer> startDelaySeconds,
    Optional<Long> snapshotEverySeconds,
    Optional<Long> snapshotKeepSeconds) {
  /** All stays. */
  public static final CareChange NONE =
      new CareChange(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  /** The care that comes of it. */
  Care applyTo(Care care) {
    Optional<Long> every = snapshotEverySeconds.or(care::snapshotEverySeconds).filter(it -> it > 0);
    Optional<Long> keep =
        every.isEmpty() && snapshotKeepSeconds.isEmpty()
            ? Optional.empty()
            : snapshotKeepSeconds.or(care::snapshotKeepSeconds);
    return new Care(
        startOrder.or(care::startOrder),
        startDelaySeconds.orElse(care.startDelaySeconds()),
        every,
        keep);
  }
}
