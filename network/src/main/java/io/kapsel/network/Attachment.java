package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.netlink.MacAddress;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * That a container is to be in a network, and what it wants there.
 *
 * @param priority the network with the highest one has the way to the outside
 */
public record Attachment(
    String network,
    Optional<String> ipv4,
    Optional<String> ipv6,
    Optional<String> mac,
    List<String> aliases,
    int priority) {
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,252}");

  /** Checks addresses and names. */
  public Attachment {
    aliases = List.copyOf(aliases);
    ipv4.ifPresent(it -> require(!Cidr.parse(it).isIpv6(), "invalid IPv4 address: " + it));
    ipv6.ifPresent(it -> require(Cidr.parse(it).isIpv6(), "invalid IPv6 address: " + it));
    ipv4.ifPresent(Cidr::address);
    ipv6.ifPresent(Cidr::address);
    mac.ifPresent(MacAddress::new);
    aliases.forEach(
        alias -> require(NAME.matcher(alias).matches(), "'" + alias + "' is not a host name"));
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  /** To that network, with nothing special. */
  public static Attachment to(String network) {
    return new Attachment(
        network, Optional.empty(), Optional.empty(), Optional.empty(), List.of(), 0);
  }
}
