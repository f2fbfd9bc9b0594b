package io.kapsel.engine;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which part of a log.
 *
 * @param tail only that many last lines
 * @param follow whether to wait for more until the container ends
 */
public record LogQuery(
    OptionalInt tail, Optional<Instant> since, Optional<Instant> until, boolean follow) {
  /** All of it. */
  public static final LogQuery ALL =
      new LogQuery(OptionalInt.empty(), Optional.empty(), Optional.empty(), false);
}
