package io.kapsel.network;

import io.kapsel.base.HexId;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.netlink.Links;
import io.kapsel.linux.netlink.NetlinkReply;
import io.kapsel.linux.netlink.NetlinkSocket;
import io.kapsel.linux.netlink.NetworkNamespace;
import io.kapsel.network.dns.DnsServer;
import io.kapsel.network.dns.Resolver;
import io.kapsel.network.dns.Upstreams;
import io.kapsel.network.dns.Zone;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The resolvers of all containers, and what each of them may tell. */
final class NameServers implements AutoCloseable {
  private static final int LOOPBACK = 1;

  private final Map<String, DnsServer> servers = new ConcurrentHashMap<>();
  private final Map<String, List<InetAddress>> asked = new ConcurrentHashMap<>();
  private final Map<String, List<InetAddress>> suggested = new ConcurrentHashMap<>();
  private final Upstreams upstreams = new Upstreams();
  private final Policing policing;
  private volatile Directory directory = Directory.NOBODY;

  /** Counted after the directory is another one: who sees a new number sees the new one, too. */
  private final AtomicLong edition = new AtomicLong();

  NameServers(Policing policing) {
    this.policing = policing;
  }

  /** All names of each network, and who is in which. */
  record Directory(
      Map<String, Map<String, List<InetAddress>>> names,
      Map<InetAddress, Named> addresses,
      Map<String, List<String>> networks,
      Set<String> closed) {
    static final Directory NOBODY = new Directory(Map.of(), Map.of(), Map.of(), Set.of());

    record Named(String network, String name) {}

    static Directory of(Iterable<Joined> members, List<Network> known) {
      Map<String, Network> byId = new HashMap<>();
      known.forEach(each -> byId.put(each.id(), each));
      Directory all =
          new Directory(new HashMap<>(), new HashMap<>(), new HashMap<>(), new LinkedHashSet<>());
      for (Joined member : members) {
        boolean open = false;
        for (Endpoint each : member.endpoints()) {
          Network network = byId.get(each.network());
          if (network != null) {
            all.add(member, each, network);
            open |= !network.internal();
          }
        }
        if (!open) {
          all.closed.add(member.id());
        }
      }
      return all;
    }

    private void add(Joined member, Endpoint endpoint, Network network) {
      networks.computeIfAbsent(member.id(), _ -> new ArrayList<>()).add(network.id());
      List<InetAddress> own = new ArrayList<>();
      endpoint.ipv4Address().ifPresent(own::add);
      endpoint.ipv6Address().ifPresent(own::add);
      own.forEach(
          it -> addresses.put(it, new Named(network.id(), member.name() + "." + network.name())));
      if (network.isDefault()) {
        return;
      }
      Map<String, List<InetAddress>> here =
          names.computeIfAbsent(network.id(), _ -> new HashMap<>());
      Set<String> all = new LinkedHashSet<>(endpoint.aliases());
      all.add(member.name());
      all.add(HexId.abbreviate(member.id()));
      for (String name : all) {
        String lower = name.toLowerCase(Locale.ROOT);
        here.computeIfAbsent(lower, _ -> new ArrayList<>()).addAll(own);
        here.computeIfAbsent(
                lower + "." + network.name().toLowerCase(Locale.ROOT), _ -> new ArrayList<>())
            .addAll(own);
      }
    }
  }

  /** From now on names are told as they are now. */
  void publish(Directory now) {
    directory = now;
    long _ = edition.incrementAndGet();
  }

  /** Who is asked for a container's other names; {@code --dns} instead of the host's. */
  void ask(String id, List<InetAddress> others) {
    asked.put(id, others);
  }

  /** Whom those who made its networks would have it ask. */
  void suggest(String id, List<InetAddress> others) {
    suggested.put(id, others);
  }

  /** Opens the resolver of a container, unless it is open. */
  void serve(String id, NetworkNamespace namespace) {
    if (servers.containsKey(id)) {
      return;
    }
    DnsServer server = open(id, namespace);
    DnsServer before = servers.put(id, server);
    if (before != null) {
      before.close();
    }
    try (NetlinkSocket socket = namespace.in(NetlinkSocket::netfilter)) {
      ResolverRules.of(server.datagramPort(), server.streamPort())
          .commit(socket, "lead port 53 of 127.0.0.11 to the resolver");
    } catch (SyscallException e) {
      forget(id);
      throw e;
    }
  }

  /** The first process inside brings its loopback up, and may not have come to that yet. */
  private DnsServer open(String id, NetworkNamespace namespace) {
    Resolver resolver = new Resolver(new View(id), upstreams);
    try {
      return DnsServer.open(namespace, resolver);
    } catch (UncheckedIOException e) {
      System.getLogger(NameServers.class.getName())
          .log(System.Logger.Level.DEBUG, "a loopback is brought up id=" + id, e);
    }
    try (NetlinkSocket socket = namespace.in(NetlinkSocket::route)) {
      List<NetlinkReply> _ = socket.ask("bring up the loopback", Links.up(LOOPBACK));
      return DnsServer.open(namespace, resolver);
    } catch (UncheckedIOException e) {
      throw new NetworkException.Failed("join networks for", id, String.valueOf(e.getCause()), e);
    }
  }

  void forget(String id) {
    asked.remove(id);
    suggested.remove(id);
    DnsServer server = servers.remove(id);
    if (server != null) {
      server.close();
    }
  }

  @Override
  public void close() {
    servers.keySet().forEach(this::forget);
  }

  /** What one container knows. */
  private final class View implements Zone {
    private final String id;

    View(String id) {
      this.id = id;
    }

    @Override
    public long edition() {
      return edition.get();
    }

    @Override
    public Optional<List<InetAddress>> addresses(String name) {
      Directory now = directory;
      List<InetAddress> found = new ArrayList<>();
      for (String network : now.networks().getOrDefault(id, List.of())) {
        found.addAll(now.names().getOrDefault(network, Map.of()).getOrDefault(name, List.of()));
      }
      return found.isEmpty() ? Optional.empty() : Optional.of(found);
    }

    @Override
    public Optional<String> name(InetAddress address) {
      Directory now = directory;
      return Optional.ofNullable(now.addresses().get(address))
          .filter(it -> now.networks().getOrDefault(id, List.of()).contains(it.network()))
          .map(Directory.Named::name);
    }

    @Override
    public boolean permits(String name) {
      return policing.permits(id, name);
    }

    @Override
    public void answered(String name, ByteBuffer answer) {
      policing.answered(id, name, answer);
    }

    @Override
    public List<InetAddress> upstreams() {
      if (directory.closed().contains(id)) {
        return List.of(); // an internal network does not leak questions either
      }
      List<InetAddress> own = asked.getOrDefault(id, suggested.getOrDefault(id, List.of()));
      return own.isEmpty() ? ResolverFile.host().servers() : own;
    }
  }
}
