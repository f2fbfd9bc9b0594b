package io.kapsel.linux.netlink;

import java.util.Optional;

/**
 * A link of a network namespace.
 *
 * @param master the index of the bridge that it is a port of, 0: none
 * @param kind such as {@code bridge}, nothing for a device of the machine
 * @param peer the index of what it is joined to, or stands on, 0: nothing
 */
public record Link(
    int index,
    String name,
    boolean up,
    Optional<MacAddress> mac,
    int mtu,
    int master,
    Optional<String> kind,
    int peer,
    Traffic traffic) {

  /** What went through it. */
  public record Traffic(
      long rxPackets,
      long txPackets,
      long rxBytes,
      long txBytes,
      long rxErrors,
      long txErrors,
      long rxDropped,
      long txDropped) {
    static final Traffic NONE = new Traffic(0, 0, 0, 0, 0, 0, 0, 0);

    /** What one end sends, the other end gets. */
    public Traffic seenFromTheOtherEnd() {
      return new Traffic(
          txPackets, rxPackets, txBytes, rxBytes, txErrors, rxErrors, txDropped, rxDropped);
    }
  }
}
