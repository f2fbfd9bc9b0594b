package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A container as it was: its files and what was said about it.
 *
 * @param expiresAt when it is removed
 * @param layers of the container's own, the upper ones first
 */
public record Snapshot(
    int schema,
    String name,
    Instant createdAt,
    Optional<Instant> expiresAt,
    String comment,
    List<String> layers,
    ContainerSpec spec) {
  static final int SCHEMA = 1;

  /** Copies the list. */
  public Snapshot {
    layers = List.copyOf(layers);
  }
}
