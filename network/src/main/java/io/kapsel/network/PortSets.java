package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.nftables.Batch;
import io.kapsel.linux.nftables.Family;
import io.kapsel.linux.nftables.Field;
import io.kapsel.linux.nftables.NamedSet;
import io.kapsel.linux.nftables.NamedSet.Element;
import io.kapsel.linux.nftables.Rule;
import io.kapsel.linux.nftables.Table;
import io.kapsel.linux.nftables.Verdict;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Published ports of IPv4 or of IPv6: one element in a map for each, so that neither a change nor a
 * packet has to look at the others. Ports in a row that the container has under the same numbers
 * are one element of another map.
 */
final class PortSets {
  private static final byte[] LOCAL = {2, 0, 0, 0};
  private static final Map<String, Integer> PROTOCOLS = Map.of("tcp", 6, "udp", 17, "sctp", 132);
  private static final int OUTPUT = 3;

  private final Table table;
  private final Family family;
  private final int words;
  private final int source;
  private final int destination;
  private final NamedSet everywhere;
  private final NamedSet somewhere;
  private final NamedSet loopback;
  private final NamedSet loopbackAt;
  private final NamedSet spans;
  private final NamedSet spansAt;
  private final NamedSet loopbackSpans;
  private final NamedSet loopbackSpansAt;

  PortSets(Table table, Family family) {
    this.table = table;
    this.family = family;
    boolean old = family == Family.IPV4;
    Field address = old ? Field.IPV4 : Field.IPV6;
    String version = old ? "4" : "6";
    words = old ? 1 : 4;
    source = old ? 12 : 8;
    destination = old ? 16 : 24;
    everywhere = set("ports", version, Field.PROTOCOL, Field.PORT).to(address, Field.PORT);
    somewhere =
        set("ports_at", version, address, Field.PROTOCOL, Field.PORT).to(address, Field.PORT);
    loopback = set("loopback", version, Field.PROTOCOL, Field.PORT).to(address);
    loopbackAt = set("loopback_at", version, address, Field.PROTOCOL, Field.PORT).to(address);
    spans = spans("ranges", version, Field.PROTOCOL, Field.PORT).to(address);
    spansAt = spans("ranges_at", version, address, Field.PROTOCOL, Field.PORT).to(address);
    loopbackSpans = spans("loopback_ranges", version, Field.PROTOCOL, Field.PORT).to(address);
    loopbackSpansAt =
        spans("loopback_ranges_at", version, address, Field.PROTOCOL, Field.PORT).to(address);
  }

  private NamedSet spans(String name, String version, Field... key) {
    return set(name, version, key).ofSpans();
  }

  private NamedSet set(String name, String version, Field... key) {
    return NamedSet.of(table, name + version, key);
  }

  private InetAddress host() {
    return Cidr.address(family == Family.IPV4 ? "127.0.0.1" : "::1");
  }

  void define(Batch batch) {
    batch.set(everywhere).set(somewhere).set(loopback).set(loopbackAt);
    batch.set(spans).set(spansAt).set(loopbackSpans).set(loopbackSpansAt);
  }

  /** The elements for one port, or for several in a row. */
  Map<NamedSet, List<Element>> elements(Published published) {
    Optional<InetAddress> to = family == Family.IPV4 ? published.ipv4() : published.ipv6();
    Optional<InetAddress> from =
        family == Family.IPV4 ? published.gateway4() : published.gateway6();
    Optional<InetAddress> at = published.port().hostIp().map(Cidr::address);
    if (to.isEmpty() || at.filter(it -> length(it) != words * 4).isPresent()) {
      return Map.of();
    }
    Map<NamedSet, List<Element>> all = new LinkedHashMap<>();
    if (published.port().isRange() && published.port().keepsNumbers()) {
      span(published.port(), at, to.get().getAddress(), from, all);
    } else {
      published.port().each().forEach(it -> single(it, at, to.get().getAddress(), from, all));
    }
    return all;
  }

  private void single(
      Port port,
      Optional<InetAddress> at,
      byte[] to,
      Optional<InetAddress> from,
      Map<NamedSet, List<Element>> all) {
    List<byte[]> key = key(at, port, port.hostPort());
    boolean any = isAny(at);
    NamedSet map = any ? everywhere : somewhere;
    put(all, map, map.element(key, List.of(to, bytes(port.containerPort()))));
    NamedSet own = any ? loopback : loopbackAt;
    from.filter(_ -> reachesLoopback(at))
        .ifPresent(it -> put(all, own, own.element(key, List.of(it.getAddress()))));
  }

  private void span(
      Port ports,
      Optional<InetAddress> at,
      byte[] to,
      Optional<InetAddress> from,
      Map<NamedSet, List<Element>> all) {
    List<byte[]> first = key(at, ports, ports.hostPort());
    List<byte[]> last = key(at, ports, ports.lastOfHost());
    boolean any = isAny(at);
    NamedSet map = any ? spans : spansAt;
    put(all, map, map.span(first, last, List.of(to)));
    NamedSet own = any ? loopbackSpans : loopbackSpansAt;
    from.filter(_ -> reachesLoopback(at))
        .ifPresent(it -> put(all, own, own.span(first, last, List.of(it.getAddress()))));
  }

  private static void put(Map<NamedSet, List<Element>> all, NamedSet set, Element element) {
    all.computeIfAbsent(set, _ -> new ArrayList<>()).add(element);
  }

  private static List<byte[]> key(Optional<InetAddress> at, Port port, int number) {
    List<byte[]> key = new ArrayList<>();
    at.filter(it -> !it.isAnyLocalAddress()).ifPresent(it -> key.add(it.getAddress()));
    key.add(new byte[] {PROTOCOLS.getOrDefault(port.protocol(), 0).byteValue()});
    key.add(bytes(number));
    return key;
  }

  private static boolean isAny(Optional<InetAddress> at) {
    return at.isEmpty() || at.get().isAnyLocalAddress();
  }

  private static boolean reachesLoopback(Optional<InetAddress> at) {
    return isAny(at) || at.get().isLoopbackAddress();
  }

  private static int length(InetAddress address) {
    return address.getAddress().length;
  }

  static byte[] bytes(int port) {
    return new byte[] {(byte) (port >> 8), (byte) port};
  }

  private Rule begin() {
    return new Rule().family(family);
  }

  /** Loads protocol and port of the destination behind what is loaded already. */
  private static Rule key(Rule rule, int register) {
    return rule.load(Rule.Meta.PROTOCOL, register).load(Rule.Base.TRANSPORT, 2, 2, register + 1);
  }

  /** Leads what comes for a published port to its container. */
  void translate(Batch batch, String chain) {
    Rule exact = begin().load(Rule.Base.NETWORK, destination, words * 4, 0);
    batch.rule(
        table,
        chain,
        key(exact, words).map(somewhere, 0, 0).translateDestination(family, 0, words));
    Rule any = key(begin(), 0).map(everywhere, 0, 0); // most packets are for no such port
    any.loadDestinationType(words + 1).equal(words + 1, LOCAL);
    batch.rule(table, chain, any.translateDestination(family, 0, words));
    Rule spanAt = key(begin().load(Rule.Base.NETWORK, destination, words * 4, 0), words);
    batch.rule(table, chain, spanAt.map(spansAt, 0, 0).translateDestination(family, 0));
    Rule span = key(begin(), 0).map(spans, 0, 0);
    span.loadDestinationType(words).equal(words, LOCAL);
    batch.rule(table, chain, span.translateDestination(family, 0));
  }

  /**
   * What the host's own programs send to a loopback address gets the gateway's address as its
   * source before connections are tracked: answers to a loopback address would be refused, because
   * they come in by another link.
   *
   * @param chain of what goes out by the loopback
   */
  void leaveLoopback(Batch batch, String chain) {
    for (NamedSet map : List.of(loopbackAt, loopbackSpansAt)) {
      Rule at = key(fromHost().load(Rule.Base.NETWORK, destination, words * 4, 0), words);
      batch.rule(table, chain, store(at.map(map, 0, 0), source));
    }
    for (NamedSet map : List.of(loopback, loopbackSpans)) {
      batch.rule(table, chain, store(key(fromHost(), 0).map(map, 0, 0), source));
    }
  }

  private Rule fromHost() {
    Rule rule = begin().load(Rule.Base.NETWORK, source, words * 4, 0).equal(0, host().getAddress());
    return family == Family.IPV4
        ? rule.load(Rule.Base.NETWORK, destination, 1, 0).equal(0, (byte) 127)
        : rule.load(Rule.Base.NETWORK, destination, 16, 0).equal(0, host().getAddress());
  }

  /**
   * And the answers get the loopback address back when the connection's own part is done.
   *
   * @param chain of what came in otherwise than by the loopback
   */
  void enterLoopback(Batch batch, String chain) {
    Rule rule = begin();
    if (family == Family.IPV4) {
      rule.load(Rule.Base.NETWORK, source, 1, 0).equal(0, (byte) 127);
    } else {
      rule.load(Rule.Base.NETWORK, source, 16, 0).equal(0, host().getAddress());
    }
    batch.rule(table, chain, store(rule.load(host().getAddress(), 0), destination));
  }

  private Rule store(Rule rule, int offset) {
    return family == Family.IPV4 ? rule.storeIpv4(0, offset) : rule.storeIpv6(0, offset);
  }

  /** The sets by which what the host's own rules have let in is told, by those of ports. */
  record Admission(Table table, Map<NamedSet, NamedSet> sets) {}

  Admission admission(Table own) {
    Field address = family == Family.IPV4 ? Field.IPV4 : Field.IPV6;
    Map<NamedSet, NamedSet> sets = new LinkedHashMap<>();
    sets.put(somewhere, NamedSet.of(own, "ports_at", address, Field.PROTOCOL, Field.PORT));
    sets.put(everywhere, NamedSet.of(own, "ports", Field.PROTOCOL, Field.PORT));
    sets.put(spansAt, NamedSet.of(own, "ranges_at", address, Field.PROTOCOL, Field.PORT).ofSpans());
    sets.put(spans, NamedSet.of(own, "ranges", Field.PROTOCOL, Field.PORT).ofSpans());
    return new Admission(own, sets);
  }

  /** The same port in those sets. */
  Map<NamedSet, List<Element>> admitted(Published published, Admission to) {
    Map<NamedSet, List<Element>> all = new LinkedHashMap<>();
    elements(published)
        .forEach((set, elements) ->
            Optional.ofNullable(to.sets().get(set))
                .ifPresent(it -> all.put(it, elements.stream().map(Element::alone).toList())));
    return all;
  }

  /** Takes what has passed the host's own rules for input to the detour. */
  void admit(
      Batch batch, Admission to, String chain, String detour, int link, InetAddress gateway) {
    byte[] index = {(byte) link, (byte) (link >> 8), (byte) (link >> 16), (byte) (link >> 24)};
    for (NamedSet set : to.sets().values()) {
      Rule rule =
          new Rule()
              .load(Rule.Meta.IN, 0)
              .unequal(0, Rule.name("lo"))
              .load(Rule.Meta.IN, 0)
              .unequal(0, Rule.name(detour))
              .loadConnection(0, 0)
              .anyOf(0, 8); // new
      int behind = 0;
      if (set.key().size() > 2) { // with the address
        rule.load(Rule.Base.NETWORK, destination, words * 4, 0);
        behind = words;
      }
      key(rule, behind).isIn(set, 0);
      batch.rule(
          to.table(),
          chain,
          rule.load(gateway.getAddress(), 0)
              .load(index, OUTPUT + 1)
              .copyTo(0, OUTPUT + 1)
              .then(Verdict.DROP));
    }
  }
}
