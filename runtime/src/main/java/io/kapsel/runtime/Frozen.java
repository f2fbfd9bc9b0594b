package io.kapsel.runtime;

import java.util.List;
import java.util.Map;

/**
 * What has to be known of a frozen container besides the images of CRIU.
 *
 * @param mounts the names in the images of mounts that are made anew, by their destinations
 * @param streams the targets of its first three descriptors in /proc
 * @param connections whether its connections of TCP are in the images
 */
public record Frozen(Map<String, String> mounts, List<String> streams, boolean connections) {
  /** Copies both. */
  public Frozen {
    mounts = Map.copyOf(mounts);
    streams = List.copyOf(streams);
  }
}
