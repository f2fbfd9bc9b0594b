package io.kapsel.network;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.nftables.PacketLog;
import io.kapsel.network.dns.DnsAddresses;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Policies for what containers reach: which names they may ask for, which addresses they have found
 * by them, and what was refused.
 */
final class Policing implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Policing.class.getName());
  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final Duration LEAST_LIFE = Duration.ofMinutes(2);
  private static final Duration GRACE = Duration.ofMinutes(1);
  private static final Duration MOST_LIFE = Duration.ofDays(1);
  private static final Duration TOLD_ONCE_IN = Duration.ofSeconds(10);
  private static final int MOST_TOLD = 1000;

  /** Whoever has addresses let through; it may be that nobody does any more. */
  interface Gate {
    void open(String key, List<Learned.Left> found);
  }

  /** A policy that somebody must obey; without a network it is his own. */
  private record Held(String key, EgressPolicy policy, Optional<String> network) {
    String whose(Joined member) {
      return network
          .map(it -> "the policy (--egress) of network '" + it + "'")
          .orElseGet(() -> "the policy (--egress) of container '" + member.name() + "'");
    }
  }

  private record Known(Map<String, Joined> members, Map<String, List<Held>> held) {}

  private final Refusals refusals = new Refusals();
  private final Learned learned = new Learned();
  private final int group;
  private final ReentrantLock telling = new ReentrantLock();
  private final Map<String, Long> told = new HashMap<>();
  private volatile Known known = new Known(Map.of(), Map.of());
  private volatile Gate gate = (_, _) -> {};
  private volatile Optional<PacketLog> log = Optional.empty();
  private volatile boolean closed;

  Policing(Naming naming) {
    this.group = EgressRules.group(naming);
  }

  Refusals refusals() {
    return refusals;
  }

  Learned learned() {
    return learned;
  }

  /** Knows who is there, and has addresses let through by {@code gate} from now on. */
  void know(Collection<Joined> members, Collection<Network> networks, Gate now) {
    Map<String, Network> byId = new HashMap<>();
    networks.forEach(each -> byId.put(each.id(), each));
    Map<String, Joined> all = new HashMap<>();
    Map<String, List<Held>> held = new HashMap<>();
    for (Joined member : members) {
      all.put(member.id(), member);
      held.put(member.id(), held(member, byId));
    }
    known = new Known(all, held);
    gate = now;
    if (log.isEmpty() && held.values().stream().anyMatch(it -> !it.isEmpty())) {
      listen();
    }
  }

  private static List<Held> held(Joined member, Map<String, Network> networks) {
    List<Held> all = new ArrayList<>();
    if (member.restricted().policy().restricts()) {
      all.add(new Held(Policed.key(member), member.restricted().policy(), Optional.empty()));
    }
    for (Endpoint each : member.endpoints()) {
      Network network = networks.get(each.network());
      if (network != null && network.egressPolicy().restricts()) {
        all.add(
            new Held(Policed.key(network), network.egressPolicy(), Optional.of(network.name())));
      }
    }
    return all;
  }

  private void listen() {
    try {
      PacketLog opened = PacketLog.open(group);
      log = Optional.of(opened);
      Thread.ofVirtual().name("network-refusals").start(() -> hear(opened));
    } catch (SyscallException e) {
      LOG.log(System.Logger.Level.WARNING, "what policies refuse is not told", e);
    }
  }

  private void hear(PacketLog from) {
    while (!closed) {
      try {
        from.next(LONGEST).forEach(this::tell);
      } catch (SyscallException | CancellationException e) {
        if (!closed) {
          LOG.log(System.Logger.Level.DEBUG, "refusals were missed", e);
        }
      }
    }
  }

  private void tell(PacketLog.Logged logged) {
    PacketHead.read(logged.packet())
        .ifPresent(head -> {
          Known now = known;
          PacketFacts.holder(now.members().values(), head.from())
              .ifPresent(member ->
                  refusals.add(
                      new Refusal(
                          Instant.now(),
                          member.id(),
                          member.name(),
                          network(now, member, logged.words()),
                          head.protocol(),
                          Optional.of(Cidr.text(head.to())),
                          head.port(),
                          host(now, member, head.to()))));
        });
  }

  private static Optional<String> network(Known now, Joined member, String key) {
    return now.held().getOrDefault(member.id(), List.of()).stream()
        .filter(each -> each.key().equals(key))
        .flatMap(each -> each.network().stream())
        .findFirst();
  }

  private String host(Known now, Joined member, InetAddress address) {
    return now.held().getOrDefault(member.id(), List.of()).stream()
        .flatMap(each -> learned.name(each.key(), address).stream())
        .findFirst()
        .orElse("");
  }

  /** Whether a container may ask others for a name. */
  boolean permits(String id, String name) {
    Known now = known;
    for (Held each : now.held().getOrDefault(id, List.of())) {
      if (!each.policy().permits(name)) {
        tell(now, id, each, name);
        return false;
      }
    }
    return true;
  }

  /** Why a container may not ask for a name. */
  Optional<String> objection(Joined member, String name) {
    return known.held().getOrDefault(member.id(), List.of()).stream()
        .filter(each -> !each.policy().permits(name))
        .map(each -> each.whose(member) + " does not allow it")
        .findFirst();
  }

  /** Why a container may not reach an address, which it finds by that name. */
  Optional<String> objection(Joined member, InetAddress address, String name, int port) {
    for (Held each : known.held().getOrDefault(member.id(), List.of())) {
      List<Integer> ports = each.policy().portsOf(name);
      boolean found =
          ports.contains(0) || ports.contains(port) || learned.has(each.key(), address, port);
      Optional<String> objection = each.policy().objection(address, port, found);
      if (objection.isPresent()) {
        return objection.map(it -> each.whose(member) + " refuses it: " + it);
      }
    }
    return Optional.empty();
  }

  /** The same name is told once in a while: programs try again. */
  private void tell(Known now, String id, Held held, String name) {
    Joined member = now.members().get(id);
    if (member == null || !isNews(id + " " + name)) {
      return;
    }
    refusals.add(
        new Refusal(
            Instant.now(), id, member.name(), held.network(), "dns", Optional.empty(), 0, name));
  }

  private boolean isNews(String what) {
    telling.lock();
    try {
      long time = System.nanoTime();
      told.values().removeIf(last -> time - last > TOLD_ONCE_IN.toNanos());
      return told.size() < MOST_TOLD && told.putIfAbsent(what, time) == null;
    } finally {
      telling.unlock();
    }
  }

  /** Has what others answered let through, where a name is allowed. */
  void answered(String id, String name, ByteBuffer answer) {
    for (Held each : known.held().getOrDefault(id, List.of())) {
      List<Integer> ports = each.policy().portsOf(name);
      if (ports.isEmpty()) {
        continue;
      }
      List<Learned.Left> found = new ArrayList<>();
      for (DnsAddresses.Told address : DnsAddresses.read(answer)) {
        if (isElsewhere(address.address())) {
          Duration life = life(address.life());
          for (int port : ports) {
            Learned.Found one = new Learned.Found(address.address(), port);
            if (learned.add(each.key(), one, name, life)) {
              found.add(new Learned.Left(one, life));
            }
          }
        }
      }
      if (!found.isEmpty()) {
        gate.open(each.key(), found);
      }
    }
  }

  /** A name must not lead to this host's neighbours, whatever its owner says. */
  private static boolean isElsewhere(InetAddress address) {
    return !address.isLoopbackAddress()
        && !address.isLinkLocalAddress()
        && !address.isMulticastAddress()
        && !address.isAnyLocalAddress();
  }

  private static Duration life(Duration told) {
    Duration life = told.plus(GRACE);
    if (life.compareTo(LEAST_LIFE) < 0) {
      return LEAST_LIFE;
    }
    return life.compareTo(MOST_LIFE) > 0 ? MOST_LIFE : life;
  }

  @Override
  public void close() {
    closed = true;
    log.ifPresent(PacketLog::close);
  }
}
