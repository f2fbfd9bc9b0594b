package io.kapsel.network;

import java.net.InetAddress;
import java.util.List;

/**
 * Packets that must obey a policy.
 *
 * @param key {@code c} and the id of a container, or {@code n} and that of a network
 * @param sources by which bridges they come in, and whose they are; no address: everybody's
 */
record Policed(String key, EgressPolicy policy, List<Source> sources) {
  record Source(String bridge, List<InetAddress> addresses) {}

  Policed {
    sources = List.copyOf(sources);
  }

  static String key(Joined joined) {
    return "c" + joined.id();
  }

  static String key(Network network) {
    return "n" + network.id();
  }
}
