package io.kapsel.network;

import static io.kapsel.linux.host.HostFinding.limited;
import static io.kapsel.linux.host.HostFinding.ok;

import io.kapsel.base.JsonTree;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.host.HostFinding;
import io.kapsel.linux.netlink.NetworkNamespace;
import io.kapsel.network.cni.CniAttachment;
import io.kapsel.network.cni.CniException;
import io.kapsel.network.cni.CniList;
import io.kapsel.network.cni.CniNames;
import io.kapsel.network.cni.CniNetwork;
import io.kapsel.network.cni.CniPlaces;
import io.kapsel.network.cni.CniResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** The networks whose links plugins of CNI make: what the engine wants in their words, and back. */
final class PluginNetworks {
  private static final System.Logger LOG = System.getLogger(PluginNetworks.class.getName());
  private static final String PORTS = "portMappings";
  private static final String ADDRESSES = "ips";
  private static final String CARD = "mac";
  private static final String ALIASES = "aliases";
  private static final String RATE = "bandwidth";
  private static final int BURSTS_A_SECOND = 10;
  private static final long SMALLEST_BURST = 1 << 20;
  private static final long LARGEST_BURST = Integer.MAX_VALUE;

  private final Path directory;
  private final CniPlaces places;
  private final Map<String, CniNetwork> known = new ConcurrentHashMap<>();

  /** Kept beyond the last process in them: plugins look there for what they have made. */
  private final Map<String, NetworkNamespace> held = new ConcurrentHashMap<>();

  PluginNetworks(NetworkSettings settings) {
    this.directory = settings.state().resolve("cni");
    this.places = new CniPlaces(settings.configurations(), settings.plugins());
  }

  private Path place(Network network) {
    return directory.resolve(network.id());
  }

  private CniNetwork of(Network network) {
    return known.computeIfAbsent(network.id(), _ -> CniNetwork.open(places, place(network)));
  }

  private static <T> T translated(String action, String name, Supplier<T> work) {
    try {
      return work.get();
    } catch (CniException e) {
      throw new NetworkException.Failed(action, name, e.reason(), e);
    } catch (SyscallException e) {
      throw new NetworkException.Failed(action, name, String.valueOf(e.getMessage()), e);
    }
  }

  /** Reads what describes it, and asks its plugins what they know; then {@code add} has it. */
  Network create(Network made, Consumer<Network> add) {
    boolean whole = false;
    try {
      CniNetwork network =
          translated(
              "create network",
              made.name(),
              () ->
                  CniNetwork.create(
                      made.options().getOrDefault(Network.CONFIGURATION, made.name()),
                      places,
                      place(made)));
      known.put(made.id(), network);
      add.accept(made);
      whole = true;
      return made;
    } finally {
      if (!whole && known.containsKey(made.id())) {
        remove(made);
      }
    }
  }

  /** Its plugins clean up what they can; what they cannot is told. */
  void remove(Network network) {
    try {
      of(network).remove();
    } catch (CniException e) {
      LOG.log(System.Logger.Level.WARNING, "network {0}: {1}", network.name(), e.reason());
    }
    known.remove(network.id());
  }

  /** A place whose addresses plugins will say, or hear. */
  Endpoint take(
      Network network, String link, Attachment wanted, String inside, Restrictions restrictions) {
    CniList list = translated("join network", network.name(), () -> of(network).list());
    if (restrictions.policy().restricts()) {
      throw refused(network, "--egress is for bridges of the engine, not for those of plugins");
    }
    boolean addressed = wanted.ipv4().isPresent() || wanted.ipv6().isPresent();
    require(network, list, ADDRESSES, addressed, "an address");
    require(network, list, CARD, wanted.mac().isPresent(), "the address of a card");
    require(network, list, RATE, restrictions.rate().isPresent(), "a rate");
    return new Endpoint(
        network.id(),
        link,
        inside,
        wanted.mac().orElseGet(() -> unknownCard(link)),
        wanted.ipv4(),
        wanted.ipv6(),
        wanted.aliases(),
        wanted.priority());
  }

  private static String unknownCard(String link) {
    return Wiring.card(link, 0).text();
  }

  private static void require(
      Network network, CniList list, String capability, boolean wanted, String what) {
    if (wanted && !list.takes(capability)) {
      throw refused(
          network,
          "none of its plugins takes %s (capability '%s' in its conflist)"
              .formatted(what, capability));
    }
  }

  private static NetworkException refused(Network network, String reason) {
    return new NetworkException.Invalid("join network", network.name(), reason);
  }

  /** Has plugins make a place; the same with what they have made. */
  Endpoint add(
      Joined joined, Endpoint place, Network network, NetworkNamespace namespace, boolean ports) {
    CniNetwork plugins = translated("join network", network.name(), () -> of(network));
    List<Port> published = ports ? joined.ports() : List.of();
    require(network, plugins.list(), PORTS, !published.isEmpty(), "published ports");
    CniAttachment attachment =
        new CniAttachment(
            joined.id(),
            place.inside(),
            namespace.path(),
            JsonTree.write(arguments(joined, place, published)));
    CniResult result = translated("join network", network.name(), () -> plugins.add(attachment));
    return new Endpoint(
        place.network(),
        place.link(),
        place.inside(),
        result.mac().orElse(place.mac()),
        result.ipv4(),
        result.ipv6(),
        place.aliases(),
        place.priority());
  }

  private static Map<String, Object> arguments(Joined joined, Endpoint place, List<Port> ports) {
    Map<String, Object> all = new LinkedHashMap<>();
    if (!ports.isEmpty()) {
      all.put(PORTS, Port.each(ports).stream().map(PluginNetworks::mapping).toList());
    }
    List<String> addresses = new ArrayList<>();
    place.ipv4().ifPresent(addresses::add);
    place.ipv6().ifPresent(addresses::add);
    if (!addresses.isEmpty()) {
      all.put(ADDRESSES, addresses);
    }
    if (!place.mac().equals(unknownCard(place.link()))) {
      all.put(CARD, place.mac());
    }
    if (!place.aliases().isEmpty()) {
      all.put(ALIASES, place.aliases());
    }
    if (joined.restricted().rate().isPresent()) {
      all.put(RATE, rate(joined.restricted()));
    }
    return all;
  }

  private static Map<String, Object> mapping(Port port) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("hostPort", port.hostPort());
    one.put("containerPort", port.containerPort());
    one.put("protocol", port.protocol());
    port.hostIp().ifPresent(it -> one.put("hostIP", it));
    return one;
  }

  private static Map<String, Object> rate(Restrictions restrictions) {
    Map<String, Object> all = new LinkedHashMap<>();
    restrictions.in().ifPresent(it -> rate(all, "ingress", it));
    restrictions.out().ifPresent(it -> rate(all, "egress", it));
    return all;
  }

  private static void rate(Map<String, Object> all, String way, long bits) {
    all.put(way + "Rate", bits);
    all.put(way + "Burst", Math.clamp(bits / BURSTS_A_SECOND, SMALLEST_BURST, LARGEST_BURST));
  }

  private void hold(String container, String path) {
    held.computeIfAbsent(container, _ -> NetworkNamespace.open(path));
  }

  /** Does not let go of the network of a container that was found running. */
  void holdAgain(List<Networks.Running> running, Predicate<Joined> isInOne) {
    for (Networks.Running each : running) {
      try (NetworkNamespace namespace = NetworkNamespace.of(each.pid())) {
        if (isInOne.test(each.joined())) {
          hold(each.joined().id(), namespace.path());
        }
      } catch (SyscallException | NetworkException e) {
        LOG.log(System.Logger.Level.DEBUG, "a container has ended id=" + each.joined().id(), e);
      }
    }
  }

  /** Lets go of the network of a container that is in none of plugins any more. */
  void forget(String container) {
    NetworkNamespace namespace = held.remove(container);
    if (namespace != null) {
      namespace.close();
    }
  }

  /** Whom plugins would have a container ask for names, and how; of its first network that says. */
  ResolverFile names(Joined joined, Function<String, Network> networks) {
    return joined.endpoints().stream()
        .filter(each -> networks.apply(each.network()).isMadeByPlugins())
        .map(each -> of(networks.apply(each.network())).names(joined.id(), each.inside()))
        .filter(it -> !it.equals(CniNames.NONE))
        .findFirst()
        .map(it -> new ResolverFile(it.servers(), it.search(), it.options()))
        .orElse(ResolverFile.EMPTY);
  }

  /** Has plugins take a container out; what they cannot now they are told again later. */
  void delete(Network network, String container, Endpoint place, Optional<String> running) {
    NetworkNamespace namespace = held.get(container);
    Optional<String> path =
        running.or(() -> Optional.ofNullable(namespace).map(NetworkNamespace::heldPath));
    try {
      of(network).delete(container, place.inside(), path);
    } catch (CniException | SyscallException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "network {0}: container {1} is not taken out yet: {2}",
          network.name(),
          container,
          e.getMessage());
    }
  }

  /** Tells plugins who is still there, and looks whether they are as they were. */
  void recover(List<Network> networks, Supplier<List<Joined>> members) {
    for (Network network : networks.stream().filter(Network::isMadeByPlugins).toList()) {
      try {
        of(network).collect(id -> members.get().stream().anyMatch(each -> each.id().equals(id)));
      } catch (CniException e) {
        LOG.log(System.Logger.Level.ERROR, "network {0}: {1}", network.name(), e.reason());
      }
      for (Joined each : members.get()) {
        check(network, each)
            .ifPresent(reason ->
                LOG.log(
                    System.Logger.Level.WARNING,
                    "network {0}: container {1} is not as it was: {2}",
                    network.name(),
                    each.name(),
                    reason));
      }
    }
  }

  /** What is wrong with a container that may be in that network. */
  private Optional<String> check(Network network, Joined joined) {
    try {
      joined.in(network.id()).ifPresent(place -> of(network).check(joined.id(), place.inside()));
      return Optional.empty();
    } catch (CniException | SyscallException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** Whether plugins are ready, and what they have made is as it was. */
  List<HostFinding> diagnose(List<Network> networks, Collection<Joined> members) {
    return networks.stream()
        .filter(Network::isMadeByPlugins)
        .map(network -> diagnose(network, members))
        .toList();
  }

  private HostFinding diagnose(Network network, Collection<Joined> members) {
    String what = "network " + network.name();
    try {
      of(network).status();
    } catch (CniException | SyscallException e) {
      return limited(
          what, "its plugins are not ready: " + e.getMessage(), "mend what the plugin says");
    }
    for (Joined each : members) {
      Optional<String> wrong = check(network, each);
      if (wrong.isPresent()) {
        return limited(
            what,
            "container '%s' is not as it was: %s".formatted(each.name(), wrong.get()),
            "restart the container");
      }
    }
    return ok(what, "its plugins are ready");
  }
}
