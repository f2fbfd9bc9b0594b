package io.kapsel.image.registry;

import java.time.Duration;

/**
 * How long a registry is waited for, and how often it is asked again.
 *
 * @param answer until an answer begins
 * @param window within which at least {@code leastBytes} of a body must come
 * @param attempts how often one thing is asked for in a row, with pauses that double
 * @param pause before the second attempt
 * @param longestPause that a registry may ask for with Retry-After
 */
public record Limits(
    Duration answer,
    Duration window,
    long leastBytes,
    int attempts,
    Duration pause,
    Duration longestPause) {
  /** For registries on any network. */
  public static final Limits USUAL =
      new Limits(
          Duration.ofSeconds(30),
          Duration.ofSeconds(30),
          4096,
          5,
          Duration.ofMillis(500),
          Duration.ofSeconds(60));
}
