package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;

/**
 * The addresses of a network, as its file has them.
 *
 * @param range the part of them that is given away without being asked for
 * @param reserved addresses of others, by name
 */
public record Subnet(
    String subnet, String gateway, Optional<String> range, Map<String, String> reserved) {
  /** Checks that all of it is in the subnet. */
  public Subnet {
    reserved = Map.copyOf(reserved);
    Cidr network = Cidr.parse(subnet);
    check(network.network().equals(network), subnet + " is not the first address of its network");
    check(network.contains(Cidr.address(gateway)), "no matching subnet for gateway " + gateway);
    range
        .map(Cidr::parse)
        .ifPresent(part ->
            check(
                network.contains(part.address()) && part.prefix() >= network.prefix(),
                "no matching subnet for range " + part));
    reserved
        .values()
        .forEach(each ->
            check(
                network.contains(Cidr.address(each)),
                "no matching subnet for aux-address " + each));
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  /** All its addresses. */
  public Cidr network() {
    return Cidr.parse(subnet);
  }

  /** The host's address in it. */
  public InetAddress gatewayAddress() {
    return Cidr.address(gateway);
  }

  /** Whether it is of IPv6. */
  public boolean isIpv6() {
    return network().isIpv6();
  }
}
