package io.kapsel.runtime;

import java.util.Optional;

/**
 * What a container has of one resource, as the kernel counts it. A number is absent where the
 * kernel does not count, or nothing is limited.
 *
 * @param held now
 * @param maxHeld at most since its start
 * @param limit at most at any time
 * @param failures how often the limit was in the way
 */
public record Account(
    String resource,
    Unit unit,
    Optional<Long> held,
    Optional<Long> maxHeld,
    Optional<Long> limit,
    Optional<Long> failures) {
  /** What the numbers count. */
  public enum Unit {
    /** Things. */
    COUNT,
    /** Bytes. */
    BYTES,
    /** Time of processors. */
    MICROSECONDS
  }
}
