package io.kapsel.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Links, addresses and routes of network namespaces that this test made itself. */
class NetlinkIT {
  private final NetworkNamespace host = NetworkNamespace.create();
  private final NetworkNamespace guest = NetworkNamespace.create();
  private final NetlinkSocket outside = host.in(NetlinkSocket::route);
  private final NetlinkSocket inside = guest.in(NetlinkSocket::route);

  @AfterEach
  void close() {
    outside.close();
    inside.close();
    guest.close();
    host.close();
  }

  private int veth() {
    Links.Device in =
        new Links.Device("eth0", Optional.of(new MacAddress("02:00:00:00:00:05")), 1400);
    try (Fd.Lease lease = guest.fd().lease()) {
      outside.ask("make", Links.veth(Links.Device.of("out0", 1400), in, lease.number(), 0));
    }
    return Links.find(outside, "out0").orElseThrow().index();
  }

  @Test
  void aVethReachesFromANamespaceIntoAnother() {
    int out = veth();
    outside.ask("bridge", Links.bridge(Links.Device.of("br0", 0)));
    Link bridge = Links.find(outside, "br0").orElseThrow();
    outside.ask("join", Links.join(out, bridge.index()));
    outside.ask("isolate", Links.isolate(out));

    Link eth = Links.find(inside, "eth0").orElseThrow();
    assertThat(eth.mac()).contains(new MacAddress("02:00:00:00:00:05"));
    assertThat(eth.mtu()).isEqualTo(1400);
    assertThat(eth.kind()).contains("veth");
    assertThat(Links.find(outside, "out0").orElseThrow().master()).isEqualTo(bridge.index());
    assertThat(Links.list(outside)).extracting(Link::name).contains("lo", "br0", "out0");
  }

  @Test
  void aLinkIsFoundByAnotherNameToo() {
    int out = veth();
    outside.ask("name", Links.name(out, "web0"));

    assertThat(Links.find(outside, "web0")).isEqualTo(Links.find(outside, "out0"));
    assertThatThrownBy(() -> outside.ask("name", Links.name(out, "web0")))
        .isInstanceOf(SyscallException.class)
        .hasMessageContaining("EEXIST");
  }

  @Test
  void addressesAndRoutesAreWhatTheyWereMade() {
    veth();
    int eth = Links.find(inside, "eth0").orElseThrow().index();
    inside.ask("up", Links.up(eth));
    inside.ask("address", Addresses.add(eth, Cidr.parse("10.9.0.2/24")));
    inside.ask("address", Addresses.add(eth, Cidr.parse("fd09::2/64")));
    inside.ask("route", Routes.addDefault(eth, Cidr.address("10.9.0.1"), 0));
    inside.ask(
        "neighbour",
        Routes.addNeighbour(eth, Cidr.address("10.9.0.1"), new MacAddress("02:00:00:00:00:01")));

    assertThat(Addresses.list(inside))
        .contains(
            new Addresses.Held(eth, Cidr.parse("10.9.0.2/24")),
            new Addresses.Held(eth, Cidr.parse("fd09::2/64")));
    assertThat(Routes.list(inside))
        .anyMatch(route ->
            route.destination().isEmpty()
                && route.gateway().equals(Optional.of(Cidr.address("10.9.0.1"))))
        .anyMatch(route -> route.destination().equals(Optional.of(Cidr.parse("10.9.0.0/24"))));
  }

  @Test
  void aFailureSaysWhatWasToBeDone() {
    assertThatThrownBy(() -> outside.ask("remove link 'nix'", Links.delete("nix")))
        .isInstanceOf(SyscallException.class)
        .hasMessageContaining("remove link 'nix'")
        .hasMessageContaining("(ENODEV)");
    assertThat(outside.askIfThere("remove", Links.delete("nix"))).isFalse();
    assertThat(Links.find(outside, "nix")).isEmpty();
  }

  @Test
  void oneEndTakesTheOtherAway() {
    veth();
    outside.ask("remove", Links.delete("out0"));

    assertThat(Links.find(inside, "eth0")).isEmpty();
  }

  @Test
  void theThreadThatVisitsNamespacesComesBack() {
    String before = NetworkNamespaceNumbers.own();
    guest.in(NetworkNamespaceNumbers::current);

    assertThat(guest.in(NetworkNamespaceNumbers::current)).isNotEqualTo(before);
    try (NetworkNamespace own = NetworkNamespace.own()) {
      assertThat(own.in(NetworkNamespaceNumbers::current)).isEqualTo(before);
    }
  }

  /** Namespaces have numbers. */
  private static final class NetworkNamespaceNumbers {
    static String own() {
      return read("/proc/self/ns/net");
    }

    static String current() {
      return read("/proc/thread-self/ns/net");
    }

    private static String read(String link) {
      try {
        return java.nio.file.Files.readSymbolicLink(java.nio.file.Path.of(link)).toString();
      } catch (java.io.IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }
}
