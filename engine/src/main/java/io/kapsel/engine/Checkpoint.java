package io.kapsel.engine;

import io.kapsel.network.Endpoint;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A container's processes as they were, in files.
 *
 * @param container the id of the container
 * @param connections whether its connections of TCP are kept
 * @param mounts the names in the images of mounts that are made anew, by their destinations
 * @param streams the targets of its first three descriptors
 * @param endpoints its places in networks
 */
public record Checkpoint(
    int schema,
    String name,
    Instant createdAt,
    String container,
    boolean connections,
    Map<String, String> mounts,
    List<String> streams,
    List<Endpoint> endpoints) {
  static final int SCHEMA = 1;

  /** Copies all. */
  public Checkpoint {
    mounts = Map.copyOf(mounts);
    streams = List.copyOf(streams);
    endpoints = List.copyOf(endpoints);
  }
}
