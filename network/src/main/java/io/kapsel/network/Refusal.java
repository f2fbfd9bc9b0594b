package io.kapsel.network;

import java.time.Instant;
import java.util.Optional;

/**
 * Something that a container wanted to reach and did not, because a policy forbids it.
 *
 * @param container its id
 * @param network the name of the network whose policy it is; nothing: the container's own
 * @param protocol such as {@code tcp}; {@code dns}: the name was not even looked up
 * @param address nothing if a name was asked for
 * @param port 0: the protocol has none
 * @param host the name by which the address was found, or that was asked for; empty: it is not
 *     known
 */
public record Refusal(
    Instant time,
    String container,
    String name,
    Optional<String> network,
    String protocol,
    Optional<String> address,
    int port,
    String host) {
  /** What was to be reached, as people write it. */
  public String target() {
    if (address.isEmpty()) {
      return host;
    }
    String shown =
        port > 0 && address.get().contains(":") ? "[" + address.get() + "]" : address.get();
    return shown + (port > 0 ? ":" + port : "") + (host.isEmpty() ? "" : " (" + host + ")");
  }
}
