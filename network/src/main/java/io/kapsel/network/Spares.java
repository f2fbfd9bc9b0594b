package io.kapsel.network;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Links that were made before anybody knew for which network, by the container in which they end.
 */
final class Spares {
  /** What the end in a container is called, so that it need not be renamed. */
  static final String INSIDE = "eth0";

  /**
   * Both ends of a link that is in no bridge yet, and the number of the namespace of the second.
   */
  record Spare(String link, int outside, int inside, long namespace) {}

  private final Map<String, Spare> spares = new ConcurrentHashMap<>();

  /** Links that are in their bridge, and the number of the namespace of their other end. */
  private final Map<String, Long> whole = new ConcurrentHashMap<>();

  void putWhole(String link, long namespace) {
    whole.put(link, namespace);
  }

  Optional<Long> takeWhole(String link) {
    return Optional.ofNullable(whole.remove(link));
  }

  void put(String container, Spare spare) {
    spares.put(container, spare);
  }

  Optional<Spare> take(String container) {
    return Optional.ofNullable(spares.remove(container));
  }
}
