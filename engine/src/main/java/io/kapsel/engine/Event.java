package io.kapsel.engine;

import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/**
 * Something that has happened.
 *
 * @param type of what: {@code container}, {@code volume}
 * @param action what, in one word, which a colon and more may follow
 * @param id of it
 * @param attributes what there is to know of it
 */
public record Event(
    Instant time, String type, String action, String id, Map<String, String> attributes) {
  /** Copies the map; its order is that of the names. */
  public Event {
    attributes = java.util.Collections.unmodifiableMap(new TreeMap<>(attributes));
  }
}
