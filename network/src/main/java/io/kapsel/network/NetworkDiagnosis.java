package io.kapsel.network;

import static io.kapsel.linux.host.HostFinding.limited;
import static io.kapsel.linux.host.HostFinding.ok;

import io.kapsel.linux.host.HostFinding;
import io.kapsel.linux.nftables.Hook;
import io.kapsel.linux.nftables.Ruleset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Says what a host offers to networks of containers, and who else has a say in them. */
final class NetworkDiagnosis {
  private static final Path BRIDGES_FILTERED =
      Path.of("/proc/sys/net/bridge/bridge-nf-call-iptables");
  private static final Path PATH_FILTER = Path.of("/proc/sys/net/ipv4/conf/all/rp_filter");
  private static final String STRICT = "1";

  private final HostSide host;
  private final List<HostFinding> findings = new ArrayList<>();

  NetworkDiagnosis(HostSide host) {
    this.host = host;
  }

  static List<HostFinding> unusable(String reason) {
    return List.of(
        limited(
            "networks",
            "containers have none but their own loopback: " + reason,
            "use a kernel with bridges, veth and nftables, and run the engine as root"));
  }

  List<HostFinding> findings() {
    tables();
    forwarding();
    input();
    forward();
    bridges();
    ipv6();
    return List.copyOf(findings);
  }

  private void tables() {
    findings.add(
        host.raised().isEmpty()
            ? ok("networks", "nftables works; nobody has needed a network yet")
            : host.firewall().stands()
                ? ok("networks", "nftables works; table " + host.table() + " stands")
                : limited(
                    "networks",
                    "table " + host.table() + " was removed and is about to be made again",
                    "look for what flushes nftables, again and again"));
  }

  private void forwarding() {
    boolean on = HostSettings.forwards(false);
    findings.add(
        on || host.raised().isEmpty()
            ? ok("ip forwarding", on ? "on" : "off until the first container needs it")
            : limited(
                "ip forwarding",
                "somebody has turned net.ipv4.ip_forward off: containers reach nothing outside",
                "sysctl net.ipv4.ip_forward=1, and remove what sets it to 0"));
  }

  private void input() {
    List<Ruleset.BaseChain> filters = host.firewall().filters(Hook.Point.INPUT);
    if (filters.isEmpty()) {
      findings.add(
          ok("host firewall", "nobody filters the host's input: published ports are open"));
    } else if (host.obeys()) {
      findings.add(
          ok("host firewall", "published ports obey its rules for input: " + names(filters)));
    } else {
      findings.add(
          limited(
              "host firewall",
              "published ports bypass its rules for input: " + names(filters),
              "take KAPSEL_HOST_FIREWALL=bypass out of the engine's environment"));
    }
  }

  private void forward() {
    List<Ruleset.BaseChain> filters = host.firewall().filters(Hook.Point.FORWARD);
    if (!filters.isEmpty()) {
      findings.add(
          limited(
              "other rules",
              "others' rules see what containers send to the outside: " + names(filters),
              "'kapsel network trace FROM TO' names them; what they drop by a rule, they drop"));
    }
  }

  private static String names(List<Ruleset.BaseChain> chains) {
    return chains.stream()
        .map(it ->
            "%s %s %s%s"
                .formatted(
                    it.table().family().name().toLowerCase(java.util.Locale.ROOT),
                    it.table().name(),
                    it.name(),
                    it.drops() ? " (drops by default)" : ""))
        .collect(Collectors.joining(", "));
  }

  private void bridges() {
    if (is(BRIDGES_FILTERED)) {
      findings.add(
          limited(
              "bridge filter",
              "br_netfilter sends packets between neighbours through the host's rules, too: that"
                  + " costs time, and a container does not reach itself by a published port",
              "sysctl net.bridge.bridge-nf-call-iptables=0, unless somebody needs it"));
    }
    if (is(PATH_FILTER)) {
      findings.add(
          ok("path filter", "strict; the links of containers are none that it would hurt"));
    }
  }

  private void ipv6() {
    findings.add(
        HostSettings.hasIpv6()
            ? ok("ipv6", "networks may have it: network create --ipv6")
            : limited(
                "ipv6",
                "this kernel has none, or it is turned off",
                "sysctl net.ipv6.conf.all.disable_ipv6=0"));
  }

  private static boolean is(Path setting) {
    try {
      return Files.exists(setting) && Files.readString(setting).strip().equals(STRICT);
    } catch (IOException e) {
      return false; // who cannot read it cannot say
    }
  }
}
