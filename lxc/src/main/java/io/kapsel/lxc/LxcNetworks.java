package io.kapsel.lxc;

import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.network.Attachment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The network cards of a configuration: each is in the network of the engine that link names. */
final class LxcNetworks {
  private static final String PREFIX = "lxc.net.";
  private static final Set<String> USED =
      Set.of("type", "link", "flags", "hwaddr", "ipv4.address", "ipv6.address", "name");

  private final LxcConfig config;

  LxcNetworks(LxcConfig config) {
    this.config = config;
  }

  void addTo(ContainerSpecBuilder spec) {
    Map<Integer, Map<String, LxcConfig.Entry>> cards = cards();
    List<Attachment> all = new ArrayList<>();
    spec.network(NamespaceMode.parseNetwork("none"));
    for (Map<String, LxcConfig.Entry> card : cards.values()) {
      LxcConfig.Entry type = card.get("type");
      String kind = type == null ? "empty" : type.value();
      switch (kind) {
        case "empty" -> {}
        case "none" -> spec.network(NamespaceMode.parseNetwork("host"));
        case "veth", "macvlan" -> {
          checkWords(card, "eth" + all.size());
          all.add(attachment(card));
        }
        default ->
            throw card.values()
                .iterator()
                .next()
                .wrong(
                    "a card of the type '"
                        + kind
                        + "' cannot be made; use veth, macvlan, empty, none");
      }
    }
    if (!all.isEmpty()) {
      spec.network(NamespaceMode.OWN);
    }
    spec.networks(NetworkRequest.in().attachedTo(all));
  }

  private Map<Integer, Map<String, LxcConfig.Entry>> cards() {
    Map<Integer, Map<String, LxcConfig.Entry>> cards = new TreeMap<>();
    for (LxcConfig.Entry each : config.below(PREFIX)) {
      String[] parts = each.key().substring(PREFIX.length()).split("\\.", 2);
      if (parts.length == 2) {
        if (!USED.contains(parts[1])) {
          throw each.wrong("Kapsel cannot do that yet; take the line out to go without it");
        }
        cards.computeIfAbsent(Integer.valueOf(parts[0]), _ -> new TreeMap<>()).put(parts[1], each);
      }
    }
    return cards;
  }

  /** Cards are named in their order. */
  private static void checkWords(Map<String, LxcConfig.Entry> card, String name) {
    LxcConfig.Entry named = card.get("name");
    if (named != null && !named.value().equals(name)) {
      throw named.wrong("this card is called '" + name + "'");
    }
  }

  private static Attachment attachment(Map<String, LxcConfig.Entry> card) {
    Optional<String> link = Optional.ofNullable(card.get("link")).map(LxcConfig.Entry::value);
    return new Attachment(
        link.orElse(NetworkRequest.DEFAULT),
        address(card, "ipv4.address"),
        address(card, "ipv6.address"),
        Optional.ofNullable(card.get("hwaddr"))
            .map(LxcConfig.Entry::value)
            .filter(it -> !it.contains("x")),
        List.of(),
        0);
  }

  private static Optional<String> address(Map<String, LxcConfig.Entry> card, String key) {
    return Optional.ofNullable(card.get(key)).map(it -> it.value().split("/", 2)[0]);
  }
}
