package io.kapsel.network;

import io.kapsel.base.HexId;
import io.kapsel.linux.netlink.Cidr;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Turns what a caller says of a network into one with all its addresses. */
final class NetworkMaker {
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}");
  private static final Set<String> DRIVERS = Set.of(Network.BRIDGE, Network.MACVLAN, Network.CNI);
  private static final Set<String> RESERVED = Set.of("host", "none", "default", "container");
  private static final Set<String> OPTIONS =
      Set.of(
          Network.BRIDGE_NAME,
          Network.MTU,
          Network.ICC,
          Network.MASQUERADE,
          Network.HOST_BINDING,
          Network.LEASES,
          "com.docker.network.enable_ipv4",
          "com.docker.network.enable_ipv6",
          "com.docker.network.bridge.inhibit_ipv4",
          "com.docker.network.bridge.default_bridge",
          "parent",
          Network.CONFIGURATION,
          "macvlan_mode");
  private static final int SMALLEST_MTU = 576;
  private static final int LARGEST_MTU = 65535;

  private final List<SubnetChooser.Pool> pools;
  private final Cidr ipv6;

  /**
   * With the addresses out of which networks get theirs.
   *
   * @param seed the same on each start of this engine, and on no other host
   */
  NetworkMaker(List<SubnetChooser.Pool> pools, String seed) {
    this.pools = pools;
    String hex = Naming.hash("ipv6 " + seed);
    this.ipv6 =
        Cidr.parse(
            "fd%s:%s:%s::/48"
                .formatted(hex.substring(0, 2), hex.substring(2, 6), hex.substring(6, 10)));
  }

  /** The network; {@code taken} is what others have already. */
  Network make(NewNetwork wanted, List<Cidr> networks, List<Cidr> host) {
    check(wanted);
    if (wanted.driver().equals(Network.CNI)) {
      return network(wanted, List.of());
    }
    try {
      List<Subnet> subnets = new ArrayList<>();
      for (NewNetwork.Wish wish : wanted.subnets()) {
        subnets.add(subnet(wanted, wish, networks, host));
      }
      boolean four = subnets.stream().anyMatch(each -> !each.isIpv6());
      boolean six = subnets.stream().anyMatch(Subnet::isIpv6);
      if (!four) {
        subnets.add(subnet(wanted, wish(Optional.empty()), networks, host));
      }
      if (wanted.ipv6() && !six) {
        Cidr chosen =
            SubnetChooser.chooseIpv6(ipv6, networks).orElseThrow(() -> full(wanted.name()));
        subnets.add(subnet(wanted, wish(Optional.of(chosen.toString())), networks, host));
      }
      return network(wanted, subnets);
    } catch (IllegalArgumentException e) {
      throw invalid(wanted.name(), String.valueOf(e.getMessage()));
    }
  }

  private static Network network(NewNetwork wanted, List<Subnet> subnets) {
    return new Network(
        Network.SCHEMA,
        HexId.random(),
        wanted.name(),
        wanted.driver(),
        Instant.now(),
        wanted.internal(),
        wanted.ipv6() || subnets.stream().anyMatch(Subnet::isIpv6),
        wanted.attachable(),
        subnets,
        wanted.labels(),
        wanted.options(),
        wanted.egress());
  }

  private static NewNetwork.Wish wish(Optional<String> subnet) {
    return new NewNetwork.Wish(subnet, Optional.empty(), Optional.empty(), Map.of());
  }

  private static void check(NewNetwork wanted) {
    String name = wanted.name();
    if (!NAME.matcher(name).matches() || RESERVED.contains(name)) {
      throw invalid(name, "that is not a name for a network: only [a-zA-Z0-9][a-zA-Z0-9_.-]");
    }
    if (!DRIVERS.contains(wanted.driver())) {
      throw invalid(
          name,
          "could not find network driver '" + wanted.driver() + "'; use bridge, macvlan or cni");
    }
    wanted
        .options()
        .forEach((key, value) -> {
          if (!OPTIONS.contains(key)) {
            throw invalid(name, "unknown option '" + key + "'");
          }
          if (key.equals(Network.MTU)) {
            checkMtu(name, value);
          }
        });
    String bridge = wanted.options().getOrDefault(Network.BRIDGE_NAME, "br0");
    if (!bridge.matches("[a-zA-Z0-9_.-]{1,15}")) {
      throw invalid(name, "'" + bridge + "' is not the name of a link");
    }
    if (wanted.driver().equals(Network.MACVLAN) && !wanted.options().containsKey("parent")) {
      throw invalid(name, "a macvlan network needs -o parent=LINK");
    }
    checkPolicy(wanted);
    boolean made = wanted.driver().equals(Network.CNI);
    if (made && (!wanted.subnets().isEmpty() || wanted.internal() || wanted.ipv6())) {
      throw invalid(name, "what addresses a cni network has and where it leads says its conflist");
    }
    if (!made && wanted.options().containsKey(Network.CONFIGURATION)) {
      throw invalid(name, Network.CONFIGURATION + " is for cni networks");
    }
    if (wanted.options().containsKey(Network.LEASES) && !wanted.driver().equals(Network.BRIDGE)) {
      throw invalid(name, Network.LEASES + " is for bridges");
    }
    if (!wanted.options().getOrDefault("macvlan_mode", "bridge").equals("bridge")) {
      throw invalid(name, "macvlan_mode knows only bridge");
    }
  }

  private static void checkPolicy(NewNetwork wanted) {
    try {
      EgressPolicy policy = EgressPolicy.parse(wanted.egress());
      if (policy.restricts() && !wanted.driver().equals(Network.BRIDGE)) {
        throw invalid(
            wanted.name(),
            "--egress is for bridges: what leaves a " + wanted.driver() + " passes this host by");
      }
    } catch (IllegalArgumentException e) {
      throw invalid(wanted.name(), String.valueOf(e.getMessage()));
    }
  }

  private static void checkMtu(String name, String value) {
    boolean fits =
        value.matches("\\d{1,5}")
            && Integer.parseInt(value) >= SMALLEST_MTU
            && Integer.parseInt(value) <= LARGEST_MTU;
    if (!fits) {
      throw invalid(name, "an MTU of '" + value + "'");
    }
  }

  private Subnet subnet(
      NewNetwork wanted, NewNetwork.Wish wish, List<Cidr> networks, List<Cidr> host) {
    List<Cidr> taken = new ArrayList<>(networks);
    taken.addAll(host);
    Cidr network =
        wish.subnet()
            .map(Cidr::parse)
            .orElseGet(
                () -> SubnetChooser.choose(pools, taken).orElseThrow(() -> full(wanted.name())));
    if (!network.network().equals(network)) {
      throw invalid(
          wanted.name(), "invalid subnet " + network + ": it should be " + network.network());
    }
    if (networks.stream().anyMatch(network::overlaps)) {
      throw new NetworkException.Conflict(
          "create network",
          wanted.name(),
          "invalid pool request: Pool overlaps with other one on this address space: " + network);
    }
    List<Cidr> known = wanted.driver().equals(Network.MACVLAN) ? List.of() : host;
    known.stream()
        .filter(network::overlaps)
        .findFirst()
        .ifPresent(other -> {
          throw new NetworkException.Conflict(
              "create network",
              wanted.name(),
              "%s overlaps with %s, which the host itself uses".formatted(network, other));
        });
    String gateway = wish.gateway().orElseGet(() -> Cidr.text(first(network)));
    return new Subnet(network.toString(), gateway, wish.range(), wish.reserved());
  }

  private static java.net.InetAddress first(Cidr network) {
    if (network.size().compareTo(BigInteger.valueOf(4)) < 0) {
      throw new IllegalArgumentException("a network of " + network.size() + " addresses");
    }
    return network.at(BigInteger.ONE);
  }

  private static NetworkException full(String name) {
    return new NetworkException.Conflict(
        "create network",
        name,
        "all predefined address pools have been fully subnetted; remove networks, or name a"
            + " --subnet");
  }

  private static NetworkException invalid(String name, String reason) {
    return new NetworkException.Invalid("create network", name, reason);
  }
}
