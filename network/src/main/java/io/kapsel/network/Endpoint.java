package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * A container's place in a network while it runs.
 *
 * @param link the end that the host sees
 * @param inside the name that the container sees
 */
public record Endpoint(
    String network,
    String link,
    String inside,
    String mac,
    Optional<String> ipv4,
    Optional<String> ipv6,
    List<String> aliases,
    int priority) {
  /** Copies the aliases. */
  public Endpoint {
    aliases = List.copyOf(aliases);
  }

  /** Its address of IPv4. */
  public Optional<InetAddress> ipv4Address() {
    return ipv4.map(Cidr::address);
  }

  /** Its address of IPv6. */
  public Optional<InetAddress> ipv6Address() {
    return ipv6.map(Cidr::address);
  }
}
