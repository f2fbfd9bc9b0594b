package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Keeps the host's programs and other containers from a published port: a socket is bound to it, on
 * which nobody listens. Packets never reach it. Callers hold the lock of {@link Networks}.
 */
final class PortHolds {
  private static final int FIRST_FREE = 49153;
  private static final int LAST_FREE = 65535;
  private static final int TRIES = 200;
  private static final int MOST_SOCKETS = 4096;

  /** A longer row of ports is compared with who listens instead. */
  private static final int MOST_SOCKETS_OF_ONE = 1024;

  /** What the rules for packets have room for when all of them are made at once. */
  private static final int MOST_ELEMENTS = 20_000;

  private record Hold(Port port, List<AutoCloseable> sockets) {
    /** How many elements of a map it takes. */
    static int weight(Port port) {
      return port.keepsNumbers() ? 1 : port.count();
    }
  }

  private record Range(Port port, String id) {}

  private final Map<String, List<Hold>> holds = new HashMap<>();
  private final Map<String, String> names = new HashMap<>();
  private final Map<String, Map<Port, String>> holders = new HashMap<>();
  private final List<Range> ranges = new ArrayList<>();
  private final SecureRandom random = new SecureRandom();
  private int sockets;

  /** Holds all of a container's ports or none; with the numbers that were found. */
  List<Port> hold(String id, String name, List<Port> ports) {
    int before =
        holds.values().stream()
            .flatMap(List::stream)
            .mapToInt(each -> Hold.weight(each.port()))
            .sum();
    int more = ports.stream().mapToInt(Hold::weight).sum();
    if (before + more > MOST_ELEMENTS) {
      throw new NetworkException.Conflict(
          "publish ports of",
          name,
          ("it has %d, others have %d, and at most %d are published at once;"
                  + " a range that has the same numbers outside and inside counts as one")
              .formatted(more, before, MOST_ELEMENTS));
    }
    List<Port> found = new ArrayList<>();
    boolean all = false;
    names.put(id, name);
    try {
      for (Port port : ports) {
        found.add(hold(id, port));
      }
      all = true;
      return found;
    } finally {
      if (!all) {
        release(id);
      }
    }
  }

  private Port hold(String id, Port port) {
    if (port.hostPort() == 0) {
      return any(id, port);
    }
    Optional<NetworkException> refused = Optional.empty();
    for (int number = port.hostPort(); number <= port.lastHostPort(); number++) {
      Port exact = port.at(number);
      refused = tryHold(id, exact);
      if (refused.isEmpty()) {
        return exact;
      }
    }
    throw refused.orElseThrow();
  }

  private Port any(String id, Port port) {
    for (int i = 0; i < TRIES; i++) {
      Port exact = port.at(FIRST_FREE + random.nextInt(LAST_FREE - FIRST_FREE + 1));
      if (tryHold(id, exact).isEmpty()) {
        return exact;
      }
    }
    throw new NetworkException.Conflict("publish", port.shown(), "no free port was found");
  }

  private Optional<NetworkException> tryHold(String id, Port port) {
    String what = at(port);
    Optional<String> holder = holder(port);
    if (holder.isPresent()) {
      return Optional.of(
          new NetworkException.Conflict(
              "publish",
              what,
              "port is already allocated; container '%s' has it".formatted(holder.get())));
    }
    if (port.count() > MOST_SOCKETS_OF_ONE) {
      Optional<NetworkException> listening = listening(port);
      if (listening.isEmpty()) {
        keep(id, new Hold(port, List.of()));
      }
      return listening;
    }
    List<AutoCloseable> bound = new ArrayList<>();
    for (Port each : port.each().toList()) {
      Optional<NetworkException> refused = bind(each, bound);
      if (refused.isPresent()) {
        bound.forEach(PortHolds::close);
        return refused;
      }
    }
    sockets += bound.size();
    keep(id, new Hold(port, bound));
    return Optional.empty();
  }

  private static Optional<NetworkException> listening(Port port) {
    Listeners all = Listeners.ofHost();
    return port.each()
        .filter(each -> all.hasAny(each.protocol(), each.hostPort()))
        .findFirst()
        .map(each ->
            new NetworkException.Conflict("publish", at(each), reason(each, "address in use")));
  }

  private Optional<NetworkException> bind(Port port, List<AutoCloseable> bound) {
    try {
      if (sockets + bound.size() < MOST_SOCKETS) {
        bind(port).ifPresent(bound::add);
      }
      return Optional.empty();
    } catch (java.net.BindException e) {
      return Optional.of(
          new NetworkException.Conflict(
              "publish", at(port), reason(port, String.valueOf(e.getMessage()))));
    } catch (IOException e) {
      return Optional.of(
          new NetworkException.Failed("publish", at(port), String.valueOf(e.getMessage()), e));
    }
  }

  private static String reason(Port port, String words) {
    String reason = words.replaceFirst(" \\(.*", "").toLowerCase(java.util.Locale.ROOT);
    if (!reason.contains("in use")) {
      return reason;
    }
    return PortOwner.find(port)
        .map(owner -> "port is already allocated; " + owner + " has it")
        .orElse("port is already allocated");
  }

  private static String at(Port port) {
    String shown = port.shown();
    return shown.substring(0, shown.indexOf("->")) + "/" + port.protocol();
  }

  /** Two ports meet if one of them is on all addresses, or both are on the same. */
  private Optional<String> holder(Port wanted) {
    Stream<String> ids =
        Stream.concat(
            ranges.stream().filter(each -> meet(each.port(), wanted)).map(Range::id),
            wanted
                .each()
                .flatMap(one -> holders.getOrDefault(number(one), Map.of()).entrySet().stream())
                .filter(each -> meet(each.getKey(), wanted))
                .map(Map.Entry::getValue));
    return ids.map(id -> names.getOrDefault(id, id)).findFirst();
  }

  private static String number(Port port) {
    return port.hostPort() + "/" + port.protocol();
  }

  private void keep(String id, Hold hold) {
    holds.computeIfAbsent(id, _ -> new ArrayList<>()).add(hold);
    if (hold.port().isRange()) {
      ranges.add(new Range(hold.port(), id));
      return;
    }
    holders.computeIfAbsent(number(hold.port()), _ -> new HashMap<>()).put(hold.port(), id);
  }

  private void drop(String id, Port port) {
    if (port.isRange()) {
      ranges.remove(new Range(port, id));
      return;
    }
    Map<Port, String> all = holders.getOrDefault(number(port), new HashMap<>());
    all.remove(port, id);
    if (all.isEmpty()) {
      holders.remove(number(port));
    }
  }

  private static boolean meet(Port one, Port other) {
    return one.hostPort() <= other.lastOfHost()
        && other.hostPort() <= one.lastOfHost()
        && one.protocol().equals(other.protocol())
        && (isAny(one) || isAny(other) || one.hostIp().equals(other.hostIp()));
  }

  private static boolean isAny(Port port) {
    return port.hostIp().map(Cidr::address).filter(it -> !it.isAnyLocalAddress()).isEmpty();
  }

  private static Optional<AutoCloseable> bind(Port port) throws IOException {
    SocketAddress address =
        port.hostIp()
            .<SocketAddress>map(ip -> new InetSocketAddress(Cidr.address(ip), port.hostPort()))
            .orElseGet(() -> new InetSocketAddress(port.hostPort()));
    return switch (port.protocol()) {
      case "tcp" -> {
        Socket socket = new Socket();
        yield Optional.of(bound(socket, () -> socket.bind(address)));
      }
      case "udp" -> {
        DatagramSocket socket = new DatagramSocket(null);
        yield Optional.of(bound(socket, () -> socket.bind(address)));
      }
      default -> Optional.empty(); // the JDK has no SCTP of the kernel
    };
  }

  /** What may fail as a socket does. */
  private interface Binding {
    void run() throws IOException;
  }

  private static AutoCloseable bound(AutoCloseable socket, Binding binding) throws IOException {
    try {
      binding.run();
      return socket;
    } catch (IOException e) {
      close(socket);
      throw e;
    }
  }

  private static void close(AutoCloseable socket) {
    try {
      socket.close();
    } catch (Exception e) {
      System.getLogger(PortHolds.class.getName())
          .log(System.Logger.Level.DEBUG, "a socket cannot be closed", e);
    }
  }

  /** Holds again what a container had when the engine went away; who was faster keeps it. */
  void holdAgain(String id, String name, List<Port> ports) {
    names.put(id, name);
    for (Port port : ports) {
      if (tryHold(id, port).isPresent()) {
        keep(id, new Hold(port, List.of()));
      }
    }
  }

  /** Holds these instead of what a container had; all or none. */
  List<Port> change(Joined holder, List<Port> wanted) {
    release(holder.id());
    boolean changed = false;
    try {
      List<Port> found =
          hold(holder.id(), holder.name(), wanted.stream().map(it -> kept(holder, it)).toList());
      changed = true;
      return found;
    } finally {
      if (!changed) {
        holdAgain(holder.id(), holder.name(), holder.ports());
      }
    }
  }

  /** Who takes any port keeps the one that it got. */
  private static Port kept(Joined holder, Port wanted) {
    return holder.ports().stream()
        .filter(had -> had.containerPort() == wanted.containerPort())
        .filter(had -> had.count() == wanted.count())
        .filter(had -> had.protocol().equals(wanted.protocol()))
        .filter(had -> had.hostIp().equals(wanted.hostIp()))
        .filter(had ->
            wanted.hostPort() == 0
                || (had.hostPort() >= wanted.hostPort() && had.hostPort() <= wanted.lastHostPort()))
        .findFirst()
        .orElse(wanted);
  }

  void release(String id) {
    names.remove(id);
    List<Hold> all = holds.remove(id);
    if (all != null) {
      for (Hold each : all) {
        drop(id, each.port());
        each.sockets().forEach(PortHolds::close);
        sockets -= each.sockets().size();
      }
    }
  }
}
