package io.kapsel.network;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.host.HostFinding;
import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.netlink.Link;
import io.kapsel.linux.netlink.NetworkNamespace;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The networks of one engine, and the containers that are in them. What it knows of the kernel it
 * can make again from files: the networks', and those of running containers.
 *
 * <p>Nothing is made in the kernel before the first container needs it.
 */
public final class Networks implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Networks.class.getName());

  private final ReentrantLock lock = new ReentrantLock();
  private final Naming naming;
  private final Registry registry;
  private final NetworkMaker maker;
  private final Places places;
  private final PortHolds holds = new PortHolds();
  private final Map<String, Joined> members = new HashMap<>();
  private final Map<String, Integer> pids = new ConcurrentHashMap<>();
  private final NetworkSettings settings;
  private final Policing policing;
  private final PacketFacts packets;
  private final PluginNetworks plugins;
  private final Plugs plugs;
  private final NameServers names;
  private final Leases leases;
  private final ReadyPlaces ready;
  private Optional<HostSide> host = Optional.empty();

  /** Reads the networks that there are. */
  public Networks(NetworkSettings settings) {
    this.settings = settings;
    this.naming = Naming.of(settings.state());
    this.plugins = new PluginNetworks(settings);
    this.plugs = new Plugs(this::host, this::find, plugins);
    this.registry = new Registry(settings.state().resolve("networks"));
    List<SubnetChooser.Pool> pools =
        settings.pools().isEmpty()
            ? SubnetChooser.DEFAULT
            : settings.pools().stream().map(SubnetChooser.Pool::parse).toList();
    this.maker = new NetworkMaker(pools, settings.state().toString());
    this.places = new Places(registry, naming);
    this.ready = new ReadyPlaces(places);
    this.policing = new Policing(naming);
    this.packets = new PacketFacts(registry, naming);
    this.names = new NameServers(policing);
    this.leases = new Leases(naming, this::holder);
  }

  private <T> T locked(Supplier<T> work) {
    lock.lock();
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }

  /** All networks, by name. */
  public List<Network> list() {
    return locked(() -> {
      ensureDefault();
      return registry.all();
    });
  }

  /** The one with that name, id or beginning of an id. */
  public Network find(String reference) {
    return locked(() -> {
      if (reference.equals(Network.DEFAULT)) {
        ensureDefault();
      }
      return registry.find(reference);
    });
  }

  /** Whether a container whose caller names no network is in one. */
  public boolean byDefault() {
    return settings.byDefault();
  }

  /** Whether containers can be joined to networks on this host; nothing, or the reason. */
  public Optional<String> unusable() {
    return locked(() -> {
      try {
        HostSide _ = host();
        return Optional.empty();
      } catch (SyscallException | NetworkException e) {
        return Optional.of(String.valueOf(e.getMessage()));
      }
    });
  }

  /** The running containers in a network. */
  public List<Joined> members(Network network) {
    return locked(
        () -> members.values().stream().filter(each -> each.in(network.id()).isPresent()).toList());
  }

  private Optional<Joined> holder(Network network, String card) {
    return members(network).stream()
        .filter(each -> each.in(network.id()).filter(it -> it.mac().equals(card)).isPresent())
        .findFirst();
  }

  /** What a running container has; nothing when it is in no network. */
  public Optional<Joined> member(String id) {
    return locked(() -> Optional.ofNullable(members.get(id)));
  }

  /** Makes a network, in a file; in the kernel when somebody joins it. */
  public Network create(NewNetwork wanted) {
    if (wanted.driver().equals(Network.CNI)) {
      return plugins.create(maker.make(wanted, List.of(), List.of()), this::add);
    }
    return locked(() -> {
      List<String> own = registry.all().stream().map(naming::bridge).toList();
      Network made = maker.make(wanted, registry.subnets(), host().reachedBeside(own));
      add(made);
      return made;
    });
  }

  private void add(Network made) {
    boolean _ =
        locked(() -> {
          registry.add(made);
          LOG.log(
              System.Logger.Level.INFO, "network created name={0} id={1}", made.name(), made.id());
          return true;
        });
  }

  private void ensureDefault() {
    if (!registry.has(Network.DEFAULT)) {
      Network _ = create(NewNetwork.DEFAULT);
    }
  }

  /** Removes a network that nobody is in. */
  public Network remove(String reference) {
    Network removed = removeKnown(reference);
    if (removed.isMadeByPlugins()) {
      plugins.remove(removed);
    }
    return removed;
  }

  private Network removeKnown(String reference) {
    return locked(() -> {
      Network network = registry.find(reference);
      if (network.isBuiltIn()) {
        throw new NetworkException.Conflict(
            "remove network",
            network.name(),
            network.name() + " is a pre-defined network and cannot be removed");
      }
      List<Joined> inside = members(network);
      if (!inside.isEmpty()) {
        throw new NetworkException.Conflict(
            "remove network",
            network.name(),
            "network has active endpoints: "
                + String.join(", ", inside.stream().map(Joined::name).toList()));
      }
      leases.stop(network);
      host.ifPresent(it -> it.lower(network));
      policing.learned().forget(Policed.key(network));
      registry.remove(network);
      return network;
    });
  }

  private HostSide host() {
    if (host.isEmpty()) {
      host =
          Optional.of(
              new HostSide(
                  naming, settings, policing, packets, this::everybody, this::heal, this::uses));
    }
    return host.get();
  }

  /** Also those who are still to come. */
  private List<Joined> everybody() {
    return Stream.concat(members.values().stream(), ready.all().stream()).toList();
  }

  private boolean uses(String link) {
    return locked(() ->
        registry.all().stream().anyMatch(it -> naming.bridge(it).equals(link))
            || everybody().stream()
                .flatMap(each -> each.endpoints().stream())
                .anyMatch(it -> it.link().equals(link)));
  }

  /**
   * Gives a container its addresses and ports. {@link #join} makes them work; whoever does not get
   * that far calls {@link #leave}.
   */
  public Joined reserve(Member member) {
    return locked(() -> {
      Optional<Endpoint> there = ready.fitting(member);
      List<Endpoint> endpoints = new ArrayList<>(there.stream().toList());
      boolean whole = false;
      try {
        if (there.isEmpty()) {
          ready.unfit(member, members.size()).forEach(this::leave);
          for (Attachment wanted : member.attachments()) {
            endpoints.add(place(member, wanted, "eth" + endpoints.size()));
          }
        }
        List<Port> ports =
            holds.hold(
                member.id(),
                member.name(),
                member.ports().stream().map(it -> places.bound(it, endpoints)).toList());
        Joined joined =
            new Joined(
                Joined.SCHEMA,
                member.id(),
                member.name(),
                member.hostname(),
                endpoints,
                ports,
                Optional.of(member.restrictions()));
        members.put(member.id(), joined);
        Optional<Joined> _ = ready.remove(member.id());
        whole = true;
        return joined;
      } finally {
        if (!whole && there.isEmpty()) {
          endpoints.forEach(each -> places.release(registry.find(each.network()), each));
        }
      }
    });
  }

  private Endpoint place(Member member, Attachment wanted, String inside) {
    String id = member.id();
    if (wanted.network().equals(Network.DEFAULT)) {
      ensureDefault();
    }
    Network network = registry.find(wanted.network());
    if (!network.hasLinks()) {
      throw new NetworkException.Invalid(
          "join network", network.name(), "it cannot be one of several");
    }
    if (network.isMadeByPlugins()) {
      String link = naming.link(id, network.id());
      return plugins.take(network, link, wanted, inside, member.restrictions());
    }
    Places.checkPoliced(network, member.restrictions());
    host().raise(network);
    leases.serve(network);
    return places.take(network, member, wanted, inside, members(network).size());
  }

  /** Makes a link into a process's network, for whoever will be in one; {@link #leave} ends it. */
  public void prepare(String id, int pid) {
    HostSide _ = locked(this::host);
    plugs.prepare(id, pid);
  }

  /** Makes a whole place in the default network instead, for who will be in that alone. */
  public Optional<Joined> prepareDefault(String id, String hostname, int pid) {
    Optional<Joined> place =
        locked(() -> {
          ensureDefault();
          Network network = registry.find(Network.DEFAULT);
          host().raise(network);
          return ready.reserve(id, hostname, network, members.size());
        });
    if (place.isEmpty()) {
      prepare(id, pid);
      return place;
    }
    boolean whole = false;
    try (NetworkNamespace namespace = NetworkNamespace.madeBy(pid)) {
      letIn(place.get());
      plugs.prepare(place.get(), namespace);
      ready.made(id);
      whole = true;
      return place;
    } finally {
      if (!whole) {
        leave(id);
      }
    }
  }

  /** Makes a container's links, in the network namespace of that process; what it has then. */
  public Joined join(Joined joined, int pid) {
    try (NetworkNamespace namespace = NetworkNamespace.madeBy(pid)) {
      letIn(joined);
      Joined made = known(joined.with(plugs.join(joined, joined.endpoints(), namespace)));
      serveNames(made, namespace);
      pids.put(joined.id(), pid);
      return made;
    } catch (SyscallException e) {
      throw new NetworkException.Failed(
          "join networks for", joined.name(), String.valueOf(e.getMessage()), e);
    }
  }

  private Joined known(Joined joined) {
    return locked(() -> {
      members.put(joined.id(), joined);
      return joined;
    });
  }

  private void letIn(Joined joined) {
    if (packets.isBridged(joined)) {
      boolean _ =
          locked(() -> {
            host().letIn(joined);
            return true;
          });
    }
  }

  private boolean resolves(Joined joined) {
    return joined.restricted().policy().restricts()
        || joined.endpoints().stream().anyMatch(each -> !find(each.network()).isDefault());
  }

  /** Whom those who made its networks would have a running container ask for names, and how. */
  public ResolverFile suggestedNames(Joined joined) {
    return plugins.names(joined, this::find);
  }

  /** What went through each place of a running container, by its network's name. */
  public Map<String, Link.Traffic> traffic(String id, int pid) {
    return member(id).map(it -> plugs.traffic(it, pid)).orElse(Map.of());
  }

  /** The way from one place to another, and what stops it; port 0: whatever port. */
  public Trace trace(Trace.End from, Trace.End to, int port) {
    tellNames();
    return new Tracer(this, locked(this::host), policing, port).follow(from, to);
  }

  /** What this host offers to networks, and what of it is in their way. */
  public List<HostFinding> diagnose() {
    return unusable()
        .map(NetworkDiagnosis::unusable)
        .orElseGet(() -> {
          List<HostFinding> all =
              new ArrayList<>(new NetworkDiagnosis(locked(this::host)).findings());
          all.addAll(plugins.diagnose(list(), running()));
          return all;
        });
  }

  /** All containers that run in networks. */
  List<Joined> running() {
    return locked(() -> List.copyOf(members.values()));
  }

  /** The place by which a container reaches the outside. */
  Optional<Endpoint> way(Joined joined) {
    return joined.in(plugs.way(joined));
  }

  /** What policies have refused. */
  public Refusals refusals() {
    return policing.refusals();
  }

  /** Whom a container's resolver asks, instead of the host's. */
  public void ask(String id, List<String> servers) {
    if (!servers.isEmpty()) {
      names.ask(id, servers.stream().map(Cidr::address).toList());
    }
  }

  /** Takes a container out of all networks. */
  public void leave(String id) {
    plugs.discard(id);
    Optional<Joined> gone =
        locked(() -> {
          Optional<Joined> joined =
              Optional.ofNullable(members.remove(id)).or(() -> ready.remove(id));
          holds.release(id);
          joined.ifPresent(it -> {
            policing.learned().forget(Policed.key(it));
            if (packets.isBridged(it)) {
              host().shutOut(it);
            }
            it.endpoints().forEach(each -> places.release(registry.find(each.network()), each));
          });
          return joined;
        });
    names.forget(id);
    if (gone.filter(this::resolves).isPresent()) {
      tellNames();
    }
    pids.remove(id);
    gone.ifPresent(plugs::remove);
  }

  /** Lets the host offer other ports of a running container; those that stay go on. */
  public Joined publish(String id, List<Port> wanted) {
    return locked(() -> {
      Joined before = members.get(id);
      if (before == null) {
        throw new NetworkException.Conflict(
            "publish ports of", id, "the container has no network of its own");
      }
      List<Port> bound = wanted.stream().map(it -> places.bound(it, before.endpoints())).toList();
      Joined after = before.publishing(holds.change(before, bound));
      members.put(id, after);
      host().replaceRules();
      return after;
    });
  }

  /** Joins a running container to one more network. */
  public Joined connect(String id, Attachment wanted, int pid) {
    Joined before = locked(() -> members.get(id));
    if (before == null) {
      throw new NetworkException.Conflict("connect", id, "the container has no network of its own");
    }
    Network network = find(wanted.network());
    if (before.in(network.id()).isPresent()) {
      throw new NetworkException.Conflict(
          "connect",
          before.name(),
          "endpoint with name " + before.name() + " already exists in network " + network.name());
    }
    Joined after =
        locked(() -> {
          Endpoint added = place(Member.of(before, wanted), wanted, before.nextInside());
          Joined changed = before.and(added);
          members.put(id, changed);
          host().replaceRules();
          return changed;
        });
    try (NetworkNamespace namespace = NetworkNamespace.of(pid)) {
      Endpoint added = after.in(network.id()).orElseThrow();
      boolean first = plugs.way(before).isEmpty() && !network.internal();
      Endpoint made = plugs.join(after, added, namespace, first);
      Joined whole = known(after.with(before.endpoints()).and(made));
      serveNames(whole, namespace);
      return whole;
    }
  }

  /** Takes a running container out of a network. */
  public Joined disconnect(String id, String reference, int pid) {
    Network network = find(reference);
    Joined before = locked(() -> members.get(id));
    Endpoint gone =
        Optional.ofNullable(before)
            .flatMap(it -> it.in(network.id()))
            .orElseThrow(() ->
                new NetworkException.Conflict(
                    "disconnect", id, "container is not connected to network " + network.name()));
    Joined after =
        locked(() -> {
          Joined changed =
              before.with(before.endpoints().stream().filter(each -> !each.equals(gone)).toList());
          members.put(id, changed);
          places.release(network, gone);
          host().replaceRules();
          return changed;
        });
    try (NetworkNamespace namespace = NetworkNamespace.of(pid)) {
      plugs.leave(before, gone, namespace);
    }
    tellNames();
    return after;
  }

  /** Knows again what running containers have, and clears away what is nobody's. */
  public void recover(List<Running> running) {
    boolean needed =
        locked(() -> {
          running.forEach(each -> remember(each.joined()));
          return !members.isEmpty() || HostSide.leftBehind(settings, naming);
        });
    plugins.holdAgain(running, plugs::hasPlugins);
    Thread.startVirtualThread(() -> plugins.recover(locked(registry::all), this::running));
    if (!needed) {
      return;
    }
    try {
      locked(() -> {
        for (Network network : registry.all()) {
          if (!members(network).isEmpty()) {
            host().raise(network);
            leases.serveAgain(network);
          }
        }
        host().clear(members.values(), registry.all());
        return true;
      });
      for (Running each : running) {
        try (NetworkNamespace namespace = NetworkNamespace.of(each.pid())) {
          serveNames(each.joined(), namespace);
          pids.put(each.joined().id(), each.pid());
        }
      }
    } catch (SyscallException | NetworkException e) {
      LOG.log(System.Logger.Level.ERROR, "networks cannot be recovered", e);
    }
  }

  /** A container that was found running, and what its file says. */
  public record Running(Joined joined, int pid) {}

  private void remember(Joined joined) {
    List<Endpoint> known =
        joined.endpoints().stream()
            .filter(each -> registry.all().stream().anyMatch(it -> it.id().equals(each.network())))
            .toList();
    Joined kept = joined.with(known);
    members.put(kept.id(), kept);
    known.forEach(each -> places.mark(registry.find(each.network()), each));
    holds.holdAgain(kept.id(), kept.name(), kept.ports());
  }

  /** Makes again what somebody took away. */
  private void heal() {
    boolean _ =
        locked(() -> {
          host().heal(leases::serveAgain);
          ready.lost(host().wiring()).forEach(this::leave);
          return true;
        });
    pids.forEach(this::healLinks);
  }

  private void healLinks(String id, int pid) {
    Joined joined = locked(() -> members.get(id));
    if (joined != null) {
      plugs.heal(joined, locked(() -> packets.bridged(joined)), pid);
    }
  }

  private void serveNames(Joined joined, NetworkNamespace namespace) {
    if (resolves(joined)) {
      tellNames();
      names.suggest(joined.id(), suggestedNames(joined).servers());
      names.serve(joined.id(), namespace);
    }
  }

  private void tellNames() {
    names.publish(
        locked(() -> {
          policing.know(members.values(), registry.all(), this::open);
          return NameServers.Directory.of(members.values(), registry.all());
        }));
  }

  /** Not while the rules are made anew: they may have been put together without it. */
  private void open(String key, List<Learned.Left> found) {
    lock.lock();
    try {
      host().firewall().learn(key, found);
    } catch (SyscallException e) {
      LOG.log(System.Logger.Level.DEBUG, "addresses are let through later policy=" + key, e);
    } finally {
      lock.unlock();
    }
  }

  /** Lets go; what containers use stays in the kernel. */
  @Override
  public void close() {
    names.close();
    policing.close();
    leases.close();
    boolean _ =
        locked(() -> {
          host.ifPresent(it -> it.close(members.isEmpty()));
          members.keySet().stream().toList().forEach(holds::release);
          return true;
        });
  }
}
