package io.kapsel.oci;

import io.kapsel.base.Json;
import java.util.Map;
import java.util.Optional;

/**
 * What runtimes tell of a container (runtime-spec, runtime.md, "State").
 *
 * @param status {@code creating}, {@code created}, {@code running} or {@code stopped}
 * @param pid of its first process, absent when there is none
 * @param bundle the absolute path of its bundle
 */
public record State(
    String ociVersion,
    String id,
    String status,
    Optional<Integer> pid,
    String bundle,
    Map<String, String> annotations) {
  /** Copies the map. */
  public State {
    annotations = Map.copyOf(annotations);
  }

  /** The JSON document. */
  public byte[] toJson() {
    return Json.write(this);
  }
}
