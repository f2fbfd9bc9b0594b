package io.kapsel.network;

import io.kapsel.linux.netlink.Addresses;
import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.netlink.Link;
import io.kapsel.linux.netlink.Links;
import io.kapsel.linux.netlink.MacAddress;
import io.kapsel.linux.netlink.NetlinkSocket;
import io.kapsel.linux.netlink.NetworkNamespace;
import io.kapsel.linux.netlink.Routes;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Lets the host's own rules for its input say who reaches published ports.
 *
 * <p>A packet that is translated on its way in never meets those rules, since it is no input any
 * more. So where there are such rules the first packet of a connection is not translated: it goes
 * through them as it came, and only if it has passed all of them is it sent once more, by a link
 * from the host to itself, and translated there. All that follows belongs to a known connection and
 * takes the direct way.
 */
final class HostFirewall {
  private static final Path OLD_TABLES = Path.of("/proc/net/ip_tables_names");
  private static final InetAddress GATEWAY4 = Cidr.address("169.254.229.2");
  private static final InetAddress GATEWAY6 = Cidr.address("fe80::e5:2");
  private static final Cidr NEAR4 = Cidr.parse("169.254.229.1/30");
  private static final MacAddress NEAR = new MacAddress("02:42:6b:61:70:01");
  private static final MacAddress FAR = new MacAddress("02:42:6b:61:70:02");

  private final NetlinkSocket route;
  private final Naming naming;
  private final Firewall firewall;
  private final boolean obeys;
  private boolean filtered;

  HostFirewall(NetlinkSocket route, Naming naming, Firewall firewall, boolean obeys) {
    this.route = route;
    this.naming = naming;
    this.firewall = firewall;
    this.obeys = obeys;
    this.filtered = filters();
  }

  private boolean filters() {
    return obeys && (firewall.hostFiltersInput() || hasOldFilter());
  }

  private static boolean hasOldFilter() {
    try {
      return Files.exists(OLD_TABLES) && Files.readAllLines(OLD_TABLES).contains("filter");
    } catch (IOException _) {
      return false; // the table went away
    }
  }

  boolean obeys() {
    return obeys;
  }

  /** Whether the host has begun, or ceased, to filter its input since the last question. */
  boolean changed() {
    boolean before = filtered;
    filtered = filters();
    return filtered != before;
  }

  /** The link from the host to itself, if one is needed. */
  Optional<Firewall.Detour> detour() {
    if (!filtered) {
      return Optional.empty();
    }
    Link near = Links.find(route, naming.detour(false)).orElseGet(this::make);
    return Optional.of(new Firewall.Detour(naming.detour(true), near.index(), GATEWAY4, GATEWAY6));
  }

  private Link make() {
    String near = naming.detour(false);
    String far = naming.detour(true);
    try (NetworkNamespace own = NetworkNamespace.own();
        io.kapsel.linux.Fd.Lease lease = own.fd().lease()) {
      route.ask(
          "make link '" + near + "'",
          Links.veth(
              new Links.Device(near, Optional.of(NEAR), 0),
              new Links.Device(far, Optional.of(FAR), 0),
              lease.number(),
              0));
    }
    HostSettings.noAnnouncements(near);
    HostSettings.noAnnouncements(far);
    HostSettings.acceptFromAnywhere(far);
    Link made = Links.find(route, near).orElseThrow();
    route.ask("set up link '" + near + "'", Addresses.add(made.index(), NEAR4));
    route.ask("set up link '" + near + "'", Links.up(made.index()));
    route.ask("set up link '" + far + "'", Links.up(Links.find(route, far).orElseThrow().index()));
    for (InetAddress gateway : new InetAddress[] {GATEWAY4, GATEWAY6}) {
      route.ask("set up link '" + near + "'", Routes.addNeighbour(made.index(), gateway, FAR));
    }
    return made;
  }

  void remove() {
    boolean _ = route.askIfThere("remove the detour", Links.delete(naming.detour(false)));
  }
}
