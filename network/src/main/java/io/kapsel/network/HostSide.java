package io.kapsel.network;

import io.kapsel.base.AtomicFile;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.netlink.Addresses;
import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.netlink.Link;
import io.kapsel.linux.netlink.NetlinkSocket;
import io.kapsel.linux.netlink.Routes;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * What an engine has in the host's network: bridges, links and rules. Callers hold the lock of
 * {@link Networks}, but for making links.
 */
final class HostSide {
  private static final String MACHINE = "machine-links";

  /** What the rules are made of, beside the host's own. */
  record Facts(
      List<BridgeRules> bridges, List<Card> cards, List<Published> ports, List<Policed> policed) {}

  private final NetlinkSocket route = NetlinkSocket.route();
  private final NetlinkSocket removing = NetlinkSocket.route();
  private final NetlinkSocket netfilter = NetlinkSocket.netfilter();
  private final Naming naming;
  private final Path machineFile;
  private final PacketFacts packets;
  private final Supplier<Collection<Joined>> members;
  private final Wiring wiring;
  private final Firewall firewall;
  private final HostFirewall hostFirewall;
  private final Map<String, Network> raised = new LinkedHashMap<>();
  private final Changes changes;
  private boolean ruled;

  HostSide(
      Naming naming,
      NetworkSettings settings,
      Policing policing,
      PacketFacts packets,
      Supplier<Collection<Joined>> members,
      Runnable changed,
      Predicate<String> used) {
    this.naming = naming;
    this.machineFile = settings.run().resolve(MACHINE);
    this.packets = packets;
    this.members = members;
    this.wiring = new Wiring(route, removing, naming);
    this.firewall = new Firewall(netfilter, naming, policing.learned());
    this.hostFirewall = new HostFirewall(route, naming, firewall, settings.obeysHost());
    this.changes = new Changes(changed, used, netfilter::port);
  }

  Wiring wiring() {
    return wiring;
  }

  Firewall firewall() {
    return firewall;
  }

  Collection<Network> raised() {
    return List.copyOf(raised.values());
  }

  /** The networks that the host reaches otherwise than by these links. */
  List<Cidr> reachedBeside(List<String> own) {
    return wiring.reached(own);
  }

  /** Has a network in the kernel, and all rules. */
  void raise(Network network) {
    if (raised.containsKey(network.id()) || network.isMadeByPlugins()) {
      return;
    }
    if (network.driver().equals(Network.BRIDGE)) {
      forward(network);
      int _ = wiring.raise(network);
    }
    raised.put(network.id(), network);
    if (!ruled) {
      ruled = true;
      replaceRules();
      firewall.exceptFromForeignPolicies();
      changes.listen();
    } else if (network.driver().equals(Network.BRIDGE)) {
      change(() -> firewall.add(BridgeRules.of(network, naming), packets.policed(network)));
    }
  }

  /** Where somebody has just flushed the rules, they are all made anew. */
  void change(Runnable rules) {
    try {
      rules.run();
    } catch (SyscallException e) {
      System.getLogger(HostSide.class.getName())
          .log(System.Logger.Level.DEBUG, "the rules for packets are made anew", e);
      replaceRules();
    }
  }

  /** Lets packets of a container pass. */
  void letIn(Joined joined) {
    change(() ->
        firewall.add(packets.cards(joined), packets.published(joined), packets.policed(joined)));
  }

  void shutOut(Joined joined) {
    change(() ->
        firewall.remove(packets.cards(joined), packets.published(joined), packets.policed(joined)));
  }

  private void forward(Network network) {
    if (HostSettings.forwardIpv4()) {
      writeMachine();
    }
    if (network.ipv6Subnet().isPresent() && HostSettings.hasIpv6()) {
      HostSettings.forwardIpv6();
    }
  }

  /** The host's real links: between them nothing is passed on, as before. */
  private void writeMachine() {
    List<String> names =
        wiring.links().stream()
            .filter(each -> each.kind().isEmpty() && !each.name().equals("lo"))
            .map(Link::name)
            .toList();
    AtomicFile.write(
        machineFile,
        String.join("\n", names).getBytes(java.nio.charset.StandardCharsets.UTF_8),
        AtomicFile.Durability.SURVIVES_CRASH);
  }

  private List<String> machine() {
    try {
      return Files.exists(machineFile)
          ? Files.readAllLines(machineFile).stream().filter(it -> !it.isBlank()).toList()
          : List.of();
    } catch (IOException e) {
      throw new NetworkException.Failed("read", machineFile.toString(), AtomicFile.reason(e), e);
    }
  }

  void replaceRules() {
    if (!ruled) {
      return; // nobody has needed any
    }
    Facts now =
        packets.all(
            raised.values().stream().filter(it -> it.driver().equals(Network.BRIDGE)).toList(),
            members.get());
    firewall.replace(
        new Firewall.State(
            now.bridges(),
            now.cards(),
            now.ports(),
            now.policed(),
            machine(),
            hostFirewall.detour()));
  }

  void lower(Network network) {
    if (raised.remove(network.id()) != null && network.driver().equals(Network.BRIDGE)) {
      wiring.lower(network);
      change(() -> firewall.remove(BridgeRules.of(network, naming), packets.policed(network)));
    }
  }

  /** Makes again what somebody removed: bridges, of which {@code renewed} is told, and rules. */
  void heal(Consumer<Network> renewed) {
    raised().stream().filter(this::repair).forEach(renewed);
    checkRules();
  }

  /** Makes a bridge again that somebody removed; whether it was. */
  private boolean repair(Network network) {
    boolean lost = network.driver().equals(Network.BRIDGE) && !wiring.has(naming.bridge(network));
    if (lost) {
      int bridge = wiring.raise(network);
      for (Joined each : members.get()) {
        each.in(network.id()).ifPresent(it -> wiring.rejoin(it, bridge));
      }
      System.getLogger(HostSide.class.getName())
          .log(
              System.Logger.Level.WARNING,
              "a bridge was missing and is made again network={0}",
              network.name());
    }
    return lost;
  }

  /** Makes the rules again that somebody removed, or that no longer fit the host's own. */
  private void checkRules() {
    if (!ruled) {
      return;
    }
    if (hostFirewall.changed() || !firewall.stands()) {
      replaceRules();
    }
    firewall.exceptFromForeignPolicies();
  }

  /** Whether an engine with this state may have left something in the kernel. */
  static boolean leftBehind(NetworkSettings settings, Naming naming) {
    if (!Files.exists(settings.state().resolve("networks"))) {
      return false;
    }
    try (NetlinkSocket socket = NetlinkSocket.route()) {
      return !new Wiring(socket, socket, naming).own().isEmpty();
    } catch (SyscallException e) {
      return false;
    }
  }

  /** Removes links and bridges that no container and no network has. */
  void clear(Collection<Joined> members, List<Network> networks) {
    Set<String> known = new HashSet<>();
    members.forEach(each -> each.endpoints().forEach(it -> known.add(it.link())));
    networks.stream()
        .filter(it -> raised.containsKey(it.id()))
        .map(naming::bridge)
        .forEach(known::add);
    List<Link> nobodys = new ArrayList<>(wiring.own());
    nobodys.removeIf(link -> known.contains(link.name()));
    nobodys.forEach(link -> wiring.remove(link.name()));
    if (raised.isEmpty()) {
      firewall.remove();
    }
  }

  /** Lets go of the kernel; what is nobody's is removed. */
  void close(boolean unused) {
    changes.close();
    if (unused) {
      remove();
    }
    route.close();
    removing.close();
    netfilter.close();
  }

  private void remove() {
    try {
      raised.values().stream()
          .filter(it -> it.driver().equals(Network.BRIDGE))
          .forEach(wiring::lower);
      firewall.remove();
      hostFirewall.remove();
    } catch (SyscallException e) {
      System.getLogger(HostSide.class.getName())
          .log(System.Logger.Level.WARNING, "networks cannot be removed", e);
    }
  }

  String table() {
    return naming.table();
  }

  String bridge(Network network) {
    return naming.bridge(network);
  }

  /** Whether the host's own rules for its input hold for published ports. */
  boolean obeys() {
    return hostFirewall.obeys();
  }

  /** Whether an address is this host's. */
  boolean isOwn(InetAddress address) {
    return address.isLoopbackAddress()
        || Addresses.list(route).stream().anyMatch(it -> it.address().address().equals(address));
  }

  /** One of this host's addresses. */
  InetAddress anyOwn() {
    return Addresses.list(route).stream()
        .map(it -> it.address().address())
        .filter(it -> !it.isLoopbackAddress() && it.getAddress().length == 4)
        .findFirst()
        .orElseGet(InetAddress::getLoopbackAddress);
  }

  /** The way to an address, as people write it. */
  Optional<String> route(InetAddress to) {
    int bits = to.getAddress().length * 8;
    List<Link> links = wiring.links();
    return Routes.list(route).stream()
        .filter(it ->
            it.destination()
                .map(network -> network.contains(to))
                .orElseGet(() ->
                    it.gateway().filter(at -> at.getAddress().length * 8 == bits).isPresent()))
        .max(
            Comparator.comparingInt(
                    (Routes.Route it) -> it.destination().map(Cidr::prefix).orElse(0))
                .thenComparingInt(it -> -it.metric()))
        .map(it ->
            it.destination().map(Cidr::toString).orElse("default")
                + it.gateway().map(at -> " via " + Cidr.text(at)).orElse("")
                + links.stream()
                    .filter(link -> link.index() == it.link())
                    .map(link -> " dev " + link.name())
                    .findFirst()
                    .orElse(""));
  }
}
