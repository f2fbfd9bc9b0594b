package io.kapsel.engine;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;

/**
 * A directory that is kept whatever becomes of containers.
 *
 * @param anonymous whether it was made for one container, and goes with it when that is asked
 * @param options what is mounted there, as mount(8) says it: {@code type}, {@code device}, {@code
 *     o}; nothing: a directory of the host
 * @param content where its files are on the host
 */
public record Volume(
    String name,
    Instant createdAt,
    boolean anonymous,
    Map<String, String> options,
    Map<String, String> labels,
    Path content) {
  /** Copies the maps. */
  public Volume {
    options = Map.copyOf(options);
    labels = Map.copyOf(labels);
  }

  /** Its directory, which has more than its files. */
  Path place() {
    return content.resolveSibling(".").normalize();
  }
}
