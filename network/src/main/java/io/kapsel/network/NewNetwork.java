package io.kapsel.network;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a caller says of a network that is to be made; {@code subnets} may be empty. */
public record NewNetwork(
    String name,
    String driver,
    boolean internal,
    boolean ipv6,
    boolean attachable,
    List<Wish> subnets,
    Map<String, String> labels,
    Map<String, String> options,
    List<String> egress) {
  /** The one that there always is. */
  static final NewNetwork DEFAULT =
      new NewNetwork(
          Network.DEFAULT, Network.BRIDGE, false, false, false, List.of(), Map.of(), Map.of());

  /** A subnet, or only a part of what is to be known of it. */
  public record Wish(
      Optional<String> subnet,
      Optional<String> gateway,
      Optional<String> range,
      Map<String, String> reserved) {}

  /** Copies the collections. */
  public NewNetwork {
    subnets = List.copyOf(subnets);
    labels = Map.copyOf(labels);
    options = Map.copyOf(options);
    egress = List.copyOf(egress);
  }

  /** From which everything is reached. */
  public NewNetwork(
      String name,
      String driver,
      boolean internal,
      boolean ipv6,
      boolean attachable,
      List<Wish> subnets,
      Map<String, String> labels,
      Map<String, String> options) {
    this(name, driver, internal, ipv6, attachable, subnets, labels, options, List.of());
  }
}
