package io.kapsel.network;

import io.kapsel.base.HexId;
import io.kapsel.linux.netlink.Cidr;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The networks that there are, by id. Callers hold the lock of {@link Networks}. */
final class Registry {
  private final NetworkStore store;
  private final Map<String, Network> networks = new HashMap<>();
  private final Map<String, List<AddressPool>> pools = new HashMap<>();

  Registry(Path directory) {
    store = new NetworkStore(directory);
    store.load().forEach(this::index);
    for (String each : List.of("host", "none")) {
      index(
          new Network(
              Network.SCHEMA,
              Naming.hash("network " + each),
              each,
              each.equals("none") ? "null" : each,
              java.time.Instant.EPOCH,
              false,
              false,
              false,
              List.of(),
              Map.of(),
              Map.of(),
              List.of()));
    }
  }

  private void index(Network network) {
    networks.put(network.id(), network);
    pools.put(network.id(), network.subnets().stream().map(AddressPool::new).toList());
  }

  void add(Network network) {
    if (networks.values().stream().anyMatch(each -> each.name().equals(network.name()))) {
      throw new NetworkException.Conflict(
          "create network",
          network.name(),
          "network with name " + network.name() + " already exists");
    }
    store.save(network);
    index(network);
  }

  void remove(Network network) {
    store.remove(network);
    networks.remove(network.id());
    pools.remove(network.id());
  }

  boolean has(String name) {
    return networks.values().stream().anyMatch(each -> each.name().equals(name));
  }

  List<Network> all() {
    return networks.values().stream().sorted(Comparator.comparing(Network::name)).toList();
  }

  List<AddressPool> pools(Network network) {
    return pools.getOrDefault(network.id(), List.of());
  }

  /** Every address that belongs to a network. */
  List<Cidr> subnets() {
    return networks.values().stream()
        .flatMap(each -> each.subnets().stream())
        .map(Subnet::network)
        .toList();
  }

  /** By id, by name, or by the beginning of an id. */
  Network find(String reference) {
    Network exact = networks.get(reference);
    if (exact != null) {
      return exact;
    }
    for (Network each : networks.values()) {
      if (each.name().equals(reference)) {
        return each;
      }
    }
    List<Network> some =
        HexId.isPrefix(reference)
            ? networks.values().stream().filter(it -> it.id().startsWith(reference)).toList()
            : List.of();
    if (some.size() > 1) {
      throw new NetworkException.Conflict("find network", reference, "several ids begin like that");
    }
    if (some.isEmpty()) {
      throw new NetworkException.NotFound(reference);
    }
    return some.getFirst();
  }
}
