package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.netlink.Link;
import io.kapsel.linux.nftables.Hook;
import io.kapsel.linux.nftables.Ruleset;
import java.net.InetAddress;
import java.util.Optional;

/**
 * Follows a packet as the rules that this engine has made, and what it finds in the kernel, would
 * have it go. Nothing is sent.
 */
final class Tracer {
  private final Networks networks;
  private final HostSide host;
  private final Policing policing;
  private final int port;
  private final Trace trace = new Trace();

  Tracer(Networks networks, HostSide host, Policing policing, int port) {
    this.networks = networks;
    this.host = host;
    this.policing = policing;
    this.port = port;
  }

  Trace follow(Trace.End from, Trace.End to) {
    Optional<Joined> source = joined(from);
    Optional<Joined> target = joined(to);
    if (trace.stopped()) {
      return trace;
    }
    if (source.isPresent() && target.isPresent()) {
      between(source.get(), from, target.get(), to);
    } else if (source.isPresent()) {
      out(source.get(), from, to);
    } else if (target.isPresent()) {
      in(from, target.get(), to);
    } else {
      published(from, to);
    }
    return trace;
  }

  private Optional<Joined> joined(Trace.End end) {
    if (end.container().isEmpty()) {
      return Optional.empty();
    }
    if (end.pid() == 0) {
      trace.stop("container " + end.name(), "it does not run");
      return Optional.empty();
    }
    Optional<Joined> found = networks.member(end.container().get());
    if (found.isEmpty() || found.get().endpoints().isEmpty()) {
      trace.stop(
          "container " + end.name(),
          "it is in no network of this engine (--network none, host or another container's)");
    }
    return found;
  }

  private void between(Joined source, Trace.End from, Joined target, Trace.End to) {
    for (Endpoint each : source.endpoints()) {
      Optional<Endpoint> there = target.in(each.network());
      if (there.isPresent()) {
        neighbours(source, each, target, there.get(), to);
        return;
      }
    }
    Endpoint there = target.endpoints().getFirst();
    leave(source, from, there.ipv4().or(there::ipv6).orElse(""));
    trace.stop(
        "table " + host.table() + ", chain from_container",
        "'%s' and '%s' are in no common network, and what is for another bridge is dropped; connect"
                .formatted(source.name(), target.name())
            + " one of them to the other's network, or publish a port");
  }

  private void neighbours(
      Joined source, Endpoint one, Joined target, Endpoint other, Trace.End to) {
    Network network = networks.find(one.network());
    card(source, one);
    if (!network.driver().equals(Network.BRIDGE)) {
      trace.pass("network " + network.name(), network.driver() + ": past this host");
    } else if (!network.letsNeighboursTalk()) {
      trace.stop(
          "bridge " + host.bridge(network),
          "ports are isolated (" + Network.ICC + "=false of network " + network.name() + ")");
    } else {
      trace.pass(
          "bridge " + host.bridge(network),
          "both are in network " + network.name() + ": passed on");
    }
    card(target, other);
    listens(target, to);
  }

  private void card(Joined joined, Endpoint endpoint) {
    Network network = networks.find(endpoint.network());
    String where = "container " + joined.name() + ", " + endpoint.inside();
    String addresses = endpoint.ipv4().orElse("") + endpoint.ipv6().map(it -> " " + it).orElse("");
    if (!network.driver().equals(Network.BRIDGE)) {
      trace.pass(where, addresses.strip());
      return;
    }
    Optional<Link> link = host.wiring().find(endpoint.link());
    if (link.isEmpty()) {
      trace.stop(where, "its link " + endpoint.link() + " is missing on this host");
    } else if (!link.get().up() || link.get().master() == 0) {
      trace.stop(where, "its link " + endpoint.link() + " is down, or in no bridge");
    } else {
      trace.pass(where, addresses.strip() + ", link " + endpoint.link());
    }
  }

  /** From a container to its gateway. */
  private void leave(Joined source, Trace.End from, String address) {
    Optional<Endpoint> way =
        source.endpoints().stream()
            .filter(each -> isNear(each, address))
            .findFirst()
            .or(() -> networks.way(source));
    if (way.isEmpty()) {
      Endpoint only = source.endpoints().getFirst();
      card(source, only);
      trace.stop(
          "network " + networks.find(only.network()).name(),
          "it is internal: there is no way out of it");
      return;
    }
    Network network = networks.find(way.get().network());
    card(source, way.get());
    boolean six = address.contains(":");
    if (six && way.get().ipv6().isEmpty()) {
      trace.stop("container " + from.name(), "it has no IPv6; create its network with --ipv6");
    }
    if (network.driver().equals(Network.BRIDGE)) {
      trace.pass("bridge " + host.bridge(network), "by the gateway of network " + network.name());
    } else {
      trace.pass("network " + network.name(), network.driver() + ": past this host");
    }
  }

  private boolean isNear(Endpoint endpoint, String address) {
    return !address.isEmpty()
        && networks.find(endpoint.network()).subnets().stream()
            .anyMatch(it -> it.network().contains(Cidr.address(address)));
  }

  private void out(Joined source, Trace.End from, Trace.End to) {
    String address = to.address();
    if (!to.name().equals(address) && !address.isEmpty()) {
      policing
          .objection(source, to.name())
          .ifPresent(it -> trace.stop("resolver 127.0.0.11", "does not look up the name: " + it));
      trace.pass("resolver", to.name() + " is " + address);
    }
    leave(source, from, address);
    if (trace.stopped()) {
      return;
    }
    InetAddress target = address.isEmpty() ? host.anyOwn() : Cidr.address(address);
    boolean here = address.isEmpty() || host.isOwn(target);
    policing
        .objection(source, target, to.name(), port)
        .ifPresentOrElse(
            it -> trace.stop("table " + host.table() + ", chain egress", it),
            () -> trace.pass("table " + host.table() + ", chain egress", "no policy objects"));
    if (here) {
      toHost();
    } else {
      beyond(target);
    }
  }

  private void toHost() {
    host.firewall().filters(Hook.Point.INPUT).forEach(this::foreign);
    boolean listening = port == 0 || Listeners.ofHost().has(port);
    if (listening) {
      trace.pass("this host", port == 0 ? "is reached" : "somebody listens at port " + port);
    } else {
      trace.stop("this host", "nobody listens at port " + port);
    }
  }

  /** What others' rules say nobody knows who does not carry them out. */
  private void foreign(Ruleset.BaseChain chain) {
    String where =
        "table %s %s, chain %s"
            .formatted(
                chain.table().family().name().toLowerCase(java.util.Locale.ROOT),
                chain.table().name(),
                chain.name());
    trace.pass(
        where,
        "not ours, %d rules%s: look there if it fails"
            .formatted(chain.rules(), chain.drops() ? ", drops by default" : ""));
  }

  private void beyond(InetAddress target) {
    boolean six = target.getAddress().length == 16;
    if (!HostSettings.forwards(six)) {
      trace.stop(
          "this host", "does not pass packets on: net.ipv4.ip_forward, or that of IPv6, is 0");
    }
    host.firewall().filters(Hook.Point.FORWARD).forEach(this::foreign);
    Optional<String> route = host.route(target);
    if (route.isEmpty()) {
      trace.stop("this host", "has no route to " + Cidr.text(target));
    }
    trace.pass(
        "this host", "route " + route.orElse("") + ", with the host's address as its source");
  }

  /** From this host, or from outside, to a container. */
  private void in(Trace.End from, Joined target, Trace.End to) {
    boolean outside = !from.address().isEmpty() && !host.isOwn(Cidr.address(from.address()));
    if (outside) {
      Optional<Port> published =
          Port.each(target.ports()).stream()
              .filter(it -> port == 0 || it.containerPort() == port)
              .findFirst();
      if (published.isEmpty()) {
        trace.stop(
            "table " + host.table() + ", chain to_container",
            "from outside only published ports are reached; '%s' publishes %s"
                .formatted(
                    target.name(),
                    target.ports().isEmpty()
                        ? "none"
                        : String.join(", ", target.ports().stream().map(Port::shown).toList())));
        return;
      }
      admitted(published.get());
    } else {
      trace.pass("this host", "reaches its bridges directly");
    }
    card(target, networks.way(target).orElse(target.endpoints().getFirst()));
    listens(target, to);
  }

  /** To a port of this host. */
  private void published(Trace.End from, Trace.End to) {
    boolean here = to.address().isEmpty() || host.isOwn(Cidr.address(to.address()));
    if (!here) {
      trace.stop(from.name(), "neither end is a container or this host");
      return;
    }
    for (Joined each : networks.running()) {
      for (Port one : each.ports()) {
        if (one.offers(port)) {
          admitted(one);
          card(each, networks.way(each).orElse(each.endpoints().getFirst()));
          return;
        }
      }
    }
    toHost();
  }

  private void admitted(Port port) {
    if (!host.firewall().stands()) {
      trace.stop("table " + host.table(), "it is missing, and is about to be made again");
    }
    host.firewall().filters(Hook.Point.INPUT).stream()
        .filter(_ -> host.obeys())
        .forEach(this::foreign);
    trace.pass("table " + host.table() + ", chain publish", port.shown());
  }

  private void listens(Joined target, Trace.End to) {
    if (port == 0 || trace.stopped()) {
      return;
    }
    String where = "container " + target.name();
    Listeners listeners = Listeners.of(to.pid());
    if (listeners.has(port)) {
      trace.pass(where, "somebody listens at port " + port);
    } else if (listeners.hasAtLoopback(port)) {
      trace.stop(where, "whoever listens at port %s does so at 127.0.0.1 only".formatted(port));
    } else {
      trace.stop(where, "nobody listens at port " + port);
    }
  }
}
