package io.kapsel.network.dhcp;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * What a machine is told.
 *
 * @param prefix how many bits of its address are its network's
 * @param server who tells it
 * @param router the way to the outside
 */
public record Lease(
    InetAddress address,
    int prefix,
    InetAddress server,
    Optional<InetAddress> router,
    List<InetAddress> names,
    String hostname,
    int mtu) {
  /** Copies the list. */
  public Lease {
    names = List.copyOf(names);
  }
}
