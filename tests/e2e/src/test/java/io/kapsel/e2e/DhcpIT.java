package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** In a network with leases a machine gets its own address, and nobody else's, when it asks. */
class DhcpIT extends OnTwoHosts {
  private static final String ASK =
      """
      cat >/tmp/bound <<'X'
      #!/bin/sh
      [ "$1" = bound ] || exit 0
      echo "got $ip/$mask $router $dns $hostname"
      ip addr add $ip/$mask dev eth0
      [ -z "$router" ] || ip route add default via $router
      X
      chmod +x /tmp/bound
      busybox udhcpc -i eth0 -n -q -f -t 5 -T 1 -s /tmp/bound\
      """;

  private static void machine(String name, String... flags) {
    java.util.List<String> words =
        new java.util.ArrayList<>(
            java.util.List.of("run", "-d", "--name", name, "-h", name, "--cap-add", "NET_ADMIN"));
    words.addAll(java.util.List.of(flags));
    words.addAll(java.util.List.of("host:", "sleep", "1000"));
    hosts.kapsel(words.toArray(String[]::new));
  }

  private static String ask(String name) {
    return hosts.product.kapsel("exec", name, "sh", "-c", ASK).out();
  }

  private static String address(String name) {
    return hosts.kapsel("inspect", "-f", "{{.NetworkSettings.Networks.lan.IPAddress}}", name);
  }

  @Test
  void eachMachineGetsItsOwnAddressAndReachesTheOutside() {
    hosts.kapsel(
        "network", "create", "-o", "io.kapsel.dhcp=true", "--subnet", "10.79.0.0/24", "lan");
    machine("box1", "--network", "lan");
    machine("box2", "--network", "lan", "--egress", "deny");
    Process server =
        hosts.startOnNeighbour("socat", "TCP-LISTEN:80,fork,reuseaddr", "SYSTEM:echo hi");
    assertThat(hosts.kapsel("exec", "box1", "ip", "-4", "addr", "show", "eth0")).isEmpty();

    assertThat(ask("box1")).contains("got " + address("box1") + "/24 10.79.0.1 127.0.0.11 box1");
    assertThat(ask("box2")).contains("got " + address("box2") + "/24 10.79.0.1 127.0.0.11 box2");
    assertThat(hosts.from("box1", TwoHosts.NEIGHBOUR + ":80")).isEqualTo("hi");
    assertThat(hosts.kapsel("exec", "box1", "getent", "hosts", "box2")).contains(address("box2"));
    hosts.product.killEngine();
    hosts.kapsel("ps");
    hosts.kapsel("exec", "box1", "ip", "addr", "flush", "dev", "eth0");
    assertThat(ask("box1")).contains("got " + address("box1"));
    hosts.onHost("ip link del $(ip -br link | grep -o '^kb[0-9a-f]*' | head -1)");
    Await.until(
        Duration.ofSeconds(30),
        () -> "the new bridge is served",
        () -> {
          hosts.product.kapsel("exec", "box1", "ip", "addr", "flush", "dev", "eth0");
          return ask("box1").contains("got " + address("box1"));
        });
    server.destroy();
  }

  @Test
  void anInternalNetworkHasNoWayOutAndAnotherNetworkNoLeases() {
    hosts.kapsel("network", "create", "-o", "io.kapsel.dhcp=true", "--internal", "lan");
    hosts.kapsel("network", "create", "plain");
    machine("box1", "--network", "lan");
    machine("box2", "--network", "plain");

    assertThat(ask("box1")).contains("got " + address("box1") + "/16  127.0.0.11 box1");
    assertThat(ask("box2")).doesNotContain("got");
    assertThat(hosts.onHost("ss -lun")).contains(":67 ");
    hosts.kapsel("rm", "-f", "box1");
    hosts.kapsel("network", "rm", "lan");
    assertThat(hosts.onHost("ss -lun")).doesNotContain(":67 ");
  }
}
