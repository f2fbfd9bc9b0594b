package io.kapsel.network;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A network as its file has it. */
public record Network(
    int schema,
    String id,
    String name,
    String driver,
    Instant created,
    boolean internal,
    boolean ipv6,
    boolean attachable,
    List<Subnet> subnets,
    Map<String, String> labels,
    Map<String, String> options,
    List<String> egress) {
  /** The version of this form. */
  public static final int SCHEMA = 1;

  /** The network of whoever names none. */
  public static final String DEFAULT = "bridge";

  static final String BRIDGE = "bridge";
  static final String MACVLAN = "macvlan";
  static final String CNI = "cni";
  static final String BRIDGE_NAME = "com.docker.network.bridge.name";
  static final String MTU = "com.docker.network.driver.mtu";
  static final String ICC = "com.docker.network.bridge.enable_icc";
  static final String MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade";
  static final String HOST_BINDING = "com.docker.network.bridge.host_binding_ipv4";

  /** The file that describes a network of plugins, or the name in it. */
  static final String CONFIGURATION = "conf";

  static final String LEASES = "io.kapsel.dhcp";

  /** Copies the collections. */
  public Network {
    subnets = List.copyOf(subnets);
    labels = Map.copyOf(labels);
    options = Map.copyOf(options);
    egress = List.copyOf(egress);
  }

  /** Its addresses of IPv4. */
  public Optional<Subnet> ipv4Subnet() {
    return subnets.stream().filter(each -> !each.isIpv6()).findFirst();
  }

  /** Its addresses of IPv6. */
  public Optional<Subnet> ipv6Subnet() {
    return subnets.stream().filter(Subnet::isIpv6).findFirst();
  }

  /** Whether it is the network of whoever names none, where names are not resolved. */
  public boolean isDefault() {
    return name.equals(DEFAULT);
  }

  /** Whether it comes with the engine and cannot be removed. */
  public boolean isBuiltIn() {
    return isDefault() || driver.equals("host") || driver.equals("null");
  }

  /** Whether containers are joined to it by links. */
  public boolean hasLinks() {
    return driver.equals(BRIDGE) || driver.equals(MACVLAN) || isMadeByPlugins();
  }

  /** Whether others make its links. */
  boolean isMadeByPlugins() {
    return driver.equals(CNI);
  }

  /** What may be reached from it. */
  public EgressPolicy egressPolicy() {
    return egress.isEmpty() ? EgressPolicy.NONE : EgressPolicy.parse(egress);
  }

  boolean option(String name, boolean otherwise) {
    return Optional.ofNullable(options.get(name)).map(Boolean::parseBoolean).orElse(otherwise);
  }

  /** Whether its members ask for their addresses, as machines do. */
  boolean leases() {
    return option(LEASES, false);
  }

  int mtu() {
    return Optional.ofNullable(options.get(MTU)).map(Integer::parseInt).orElse(1500);
  }

  boolean letsNeighboursTalk() {
    return option(ICC, true);
  }

  boolean masquerades() {
    return !internal && option(MASQUERADE, true);
  }
}
