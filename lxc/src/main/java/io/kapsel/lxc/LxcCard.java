package io.kapsel.lxc;

import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.network.Attachment;
import io.kapsel.network.HostLink;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A network card of a configuration.
 *
 * @param said what is said of it, by the end of the key
 */
record LxcCard(Map<String, List<LxcConfig.Entry>> said) {
  private static final String PREFIX = "lxc.net.";
  private static final Set<String> USED =
      Set.of(
          "type",
          "link",
          "flags",
          "hwaddr",
          "mtu",
          "name",
          "ipv4.address",
          "ipv4.gateway",
          "ipv6.address",
          "ipv6.gateway",
          "ipvlan.mode",
          "macvlan.mode",
          "script.down",
          "script.up",
          "veth.pair",
          "vlan.id");

  private static final Map<String, Integer> MACVLAN =
      Map.of("private", 1, "vepa", 2, "bridge", 4, "passthru", 8);
  private static final Map<String, Integer> IPVLAN = Map.of("l2", 0, "l3", 1, "l3s", 2);

  /** All cards, in the order of their numbers. */
  static List<LxcCard> all(LxcConfig config) {
    Map<Integer, Map<String, List<LxcConfig.Entry>>> cards = new TreeMap<>();
    for (LxcConfig.Entry each : config.below(PREFIX)) {
      String[] parts = each.key().substring(PREFIX.length()).split("\\.", 2);
      if (parts.length == 2) {
        check(each, parts[1]);
        cards
            .computeIfAbsent(Integer.valueOf(parts[0]), _ -> new TreeMap<>())
            .computeIfAbsent(parts[1], _ -> new ArrayList<>())
            .add(each);
      }
    }
    return cards.values().stream().map(LxcCard::new).toList();
  }

  /** What kinds they are, whether they can be made or not. */
  static List<String> types(LxcConfig config) {
    Map<Integer, String> types = new TreeMap<>();
    for (LxcConfig.Entry each : config.below(PREFIX)) {
      String[] parts = each.key().substring(PREFIX.length()).split("\\.", 2);
      types.putIfAbsent(Integer.valueOf(parts[0]), "empty");
      if (parts.length == 2 && parts[1].equals("type")) {
        types.put(Integer.valueOf(parts[0]), each.value());
      }
    }
    return List.copyOf(types.values());
  }

  /** All with the host's ends of those in networks of the engine, which come in their order. */
  static Map<LxcCard, String> with(List<String> ends, LxcConfig config) {
    Map<LxcCard, String> all = new LinkedHashMap<>();
    Iterator<String> left = ends.iterator();
    all(config)
        .forEach(card -> all.put(card, card.isJoined() && left.hasNext() ? left.next() : ""));
    return all;
  }

  private static void check(LxcConfig.Entry entry, String key) {
    if (!USED.contains(key)) {
      throw entry.wrong(
          switch (key) {
            case "l2proxy", "ipvlan.isolation" -> "links of ipvlan are made without that here";
            default -> "the networks of the engine have no such thing; see 'kapsel network create'";
          });
    }
  }

  String type() {
    return value("type").orElse("empty");
  }

  Optional<LxcConfig.Entry> last(String key) {
    return Optional.ofNullable(said.get(key)).map(List::getLast);
  }

  Optional<String> value(String key) {
    return last(key).map(LxcConfig.Entry::value);
  }

  private List<String> values(String key) {
    return said.getOrDefault(key, List.of()).stream().map(LxcConfig.Entry::value).toList();
  }

  /** Any line of it, for what is wrong with the whole. */
  LxcConfig.Entry line() {
    return last("type").orElseGet(() -> said.values().iterator().next().getFirst());
  }

  /** Whether it is one in a network of the engine. */
  boolean isJoined() {
    return type().equals("veth") || (type().equals("macvlan") && last("macvlan.mode").isEmpty());
  }

  /** In a network of the engine; cards there are named in their order. */
  Attachment attachment(String inside) {
    last("name")
        .filter(it -> !it.value().equals(inside))
        .ifPresent(it -> {
          throw it.wrong("this card is called '" + inside + "'");
        });
    return new Attachment(
        value("link").orElse(NetworkRequest.DEFAULT),
        value("ipv4.address").map(LxcCard::withoutPrefix),
        value("ipv6.address").map(LxcCard::withoutPrefix),
        mac(),
        List.of(),
        0);
  }

  private static String withoutPrefix(String address) {
    return address.split("/", 2)[0];
  }

  private Optional<String> mac() {
    return value("hwaddr").filter(it -> !it.contains("x"));
  }

  /** What is to be changed of a card in a network of the engine. */
  Optional<HostLink> change(String inside) {
    List<String> gateways = gateways().stream().filter(it -> !it.startsWith("auto")).toList();
    return mtu().isEmpty() && gateways.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new HostLink(
                HostLink.Kind.JOINED,
                inside,
                Optional.empty(),
                0,
                mtu(),
                Optional.empty(),
                List.of(),
                gateways));
  }

  /** On a link of the host, or that itself. */
  HostLink hostLink() {
    HostLink.Kind kind =
        switch (type()) {
          case "phys" -> HostLink.Kind.PHYS;
          case "vlan" -> HostLink.Kind.VLAN;
          case "ipvlan" -> HostLink.Kind.IPVLAN;
          case "macvlan" -> HostLink.Kind.MACVLAN;
          default ->
              throw line()
                  .wrong(
                      "a card of the type '"
                          + type()
                          + "' cannot be made; use veth, macvlan, ipvlan, vlan, phys, empty, none");
        };
    String parent =
        value("link")
            .orElseThrow(
                () -> line().wrong("a card of the type '" + type() + "' needs lxc.net.N.link"));
    List<String> addresses = new ArrayList<>(values("ipv4.address"));
    addresses.replaceAll(it -> it.split("\\s", 2)[0]); // a broadcast address may follow
    addresses.addAll(values("ipv6.address"));
    try {
      return new HostLink(
          kind, parent, value("name"), number(kind), mtu(), mac(), addresses, gateways());
    } catch (IllegalArgumentException e) {
      throw line().wrong(String.valueOf(e.getMessage()));
    }
  }

  private int number(HostLink.Kind kind) {
    return switch (kind) {
      case VLAN ->
          value("vlan.id")
              .map(Integer::valueOf)
              .orElseThrow(() -> line().wrong("a card of the type 'vlan' needs lxc.net.N.vlan.id"));
      case IPVLAN -> IPVLAN.getOrDefault(value("ipvlan.mode").orElse("l3"), 1);
      case MACVLAN -> MACVLAN.getOrDefault(value("macvlan.mode").orElse("private"), 1);
      case PHYS, JOINED -> 0;
    };
  }

  private Optional<Integer> mtu() {
    return value("mtu").map(Integer::valueOf);
  }

  private List<String> gateways() {
    List<String> all = new ArrayList<>();
    value("ipv4.gateway").map(it -> it.matches("dev|auto") ? it + "4" : it).ifPresent(all::add);
    value("ipv6.gateway").map(it -> it.matches("dev|auto") ? it + "6" : it).ifPresent(all::add);
    return all;
  }
}
