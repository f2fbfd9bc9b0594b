package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.netlink.Links;
import io.kapsel.linux.netlink.MacAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * A link of the host that a container has for itself, or one that is made on it.
 *
 * @param parent the link of the host
 * @param name what it is called inside; absent: as outside for the link itself, else the first of
 *     eth0, eth1, … that is free
 * @param number the tag of a VLAN, or the kernel's number of the mode of ipvlan and macvlan
 * @param gateways ways to everything else: an address, {@code dev4} and {@code dev6} for the link
 *     itself, or {@code auto4} and {@code auto6} for the address that the host has there
 */
public record HostLink(
    Kind kind,
    String parent,
    Optional<String> name,
    int number,
    Optional<Integer> mtu,
    Optional<String> mac,
    List<String> addresses,
    List<String> gateways) {
  private static final int LAST_VLAN = 4094;

  /** What becomes of the link of the host. */
  public enum Kind {
    /** It moves into the container, and back at its end. */
    PHYS,
    /** The container has what comes with a tag. */
    VLAN,
    /** The container has addresses of its own at the same card. */
    IPVLAN,
    /** The container has a card of its own there. */
    MACVLAN,
    /** The container has a link of that name from a network: it is changed only. */
    JOINED
  }

  /** Checks each part. */
  public HostLink {
    addresses = List.copyOf(addresses);
    gateways = List.copyOf(gateways);
    checkName(parent);
    name.ifPresent(HostLink::checkName);
    require(!parent.equals("lo"), "'lo' stays where it is");
    require(
        kind != Kind.VLAN || (number > 0 && number <= LAST_VLAN),
        "the tag of a VLAN is between 1 and 4094, not " + number);
    mtu.ifPresent(it -> require(it >= 68 && it <= 65535, "an MTU of " + it));
    mac.ifPresent(MacAddress::new);
    addresses.forEach(Cidr::parse);
    gateways.stream().filter(it -> !it.matches("(dev|auto)[46]")).forEach(Cidr::address);
  }

  private static void checkName(String name) {
    require(
        !name.isEmpty()
            && name.getBytes(StandardCharsets.UTF_8).length <= Links.LONGEST_NAME
            && name.chars().noneMatch(each -> each == '/' || each == ':' || each <= ' '),
        "'" + name + "' is not the name of a link");
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  /** The link itself, {@code LINK} or {@code LINK:NAME} with its name inside. */
  public static HostLink parse(String text) {
    String[] parts = text.split(":", 2);
    return new HostLink(
        Kind.PHYS,
        parts[0],
        parts.length > 1 ? Optional.of(parts[1]) : Optional.empty(),
        0,
        Optional.empty(),
        Optional.empty(),
        List.of(),
        List.of());
  }

  /** What it is called inside, as far as that is known beforehand. */
  public String inside() {
    return name.orElse(parent);
  }
}
