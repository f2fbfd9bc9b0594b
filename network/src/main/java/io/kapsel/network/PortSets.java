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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Published ports of IPv4 or of IPv6: one element in a map for each, so that neither a change nor a
 * packet has to look at the others.
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
  }

  private NamedSet set(String name, String version, Field... key) {
    return NamedSet.of(table, name + version, key);
  }

  private InetAddress host() {
    return Cidr.address(family == Family.IPV4 ? "127.0.0.1" : "::1");
  }

  void define(Batch batch) {
    batch.set(everywhere).set(somewhere).set(loopback).set(loopbackAt);
  }

  /** The elements for one port. */
  Map<NamedSet, List<Element>> elements(Published published) {
    Map<NamedSet, List<Element>> all = new LinkedHashMap<>();
    Optional<InetAddress> to = family == Family.IPV4 ? published.ipv4() : published.ipv6();
    Optional<InetAddress> from =
        family == Family.IPV4 ? published.gateway4() : published.gateway6();
    Optional<InetAddress> at = published.port().hostIp().map(Cidr::address);
    if (to.isEmpty() || at.filter(it -> length(it) != words * 4).isPresent()) {
      return all;
    }
    byte[] protocol = {PROTOCOLS.getOrDefault(published.port().protocol(), 0).byteValue()};
    byte[] port = bytes(published.port().hostPort());
    List<byte[]> target = List.of(to.get().getAddress(), bytes(published.port().containerPort()));
    if (at.isEmpty() || at.get().isAnyLocalAddress()) {
      List<byte[]> key = List.of(protocol, port);
      all.put(everywhere, List.of(everywhere.element(key, target)));
      from.ifPresent(
          it -> all.put(loopback, List.of(loopback.element(key, List.of(it.getAddress())))));
    } else {
      List<byte[]> key = List.of(at.get().getAddress(), protocol, port);
      all.put(somewhere, List.of(somewhere.element(key, target)));
      from.filter(_ -> at.get().isLoopbackAddress())
          .ifPresent(it ->
              all.put(loopbackAt, List.of(loopbackAt.element(key, List.of(it.getAddress())))));
    }
    return all;
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
    Rule any = begin().loadDestinationType(0).equal(0, LOCAL);
    batch.rule(
        table, chain, key(any, 0).map(everywhere, 0, 0).translateDestination(family, 0, words));
  }

  /**
   * What the host's own programs send to a loopback address gets the gateway's address as its
   * source before connections are tracked: answers to a loopback address would be refused, because
   * they come in by another link.
   */
  void leaveLoopback(Batch batch, String chain) {
    batch.rule(
        table,
        chain,
        store(
            key(fromHost().load(Rule.Base.NETWORK, destination, words * 4, 0), words)
                .map(loopbackAt, 0, 0),
            source));
    batch.rule(table, chain, store(key(fromHost(), 0).map(loopback, 0, 0), source));
  }

  private Rule fromHost() {
    Rule rule =
        begin()
            .out("lo")
            .load(Rule.Base.NETWORK, source, words * 4, 0)
            .equal(0, host().getAddress());
    return family == Family.IPV4
        ? rule.load(Rule.Base.NETWORK, destination, 1, 0).equal(0, (byte) 127)
        : rule.load(Rule.Base.NETWORK, destination, 16, 0).equal(0, host().getAddress());
  }

  /** And the answers get the loopback address back when the connection's own part is done. */
  void enterLoopback(Batch batch, String chain) {
    Rule rule = begin().load(Rule.Meta.IN, 0).unequal(0, Rule.name("lo"));
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

  /** The sets by which what the host's own rules have let in is told. */
  record Admission(Table table, NamedSet everywhere, NamedSet somewhere) {}

  Admission admission(Table own) {
    Field address = family == Family.IPV4 ? Field.IPV4 : Field.IPV6;
    return new Admission(
        own,
        NamedSet.of(own, "ports", Field.PROTOCOL, Field.PORT),
        NamedSet.of(own, "ports_at", address, Field.PROTOCOL, Field.PORT));
  }

  /** The same port in those sets. */
  Map<NamedSet, List<Element>> admitted(Published published, Admission to) {
    Map<NamedSet, List<Element>> all = new LinkedHashMap<>();
    elements(published)
        .forEach((set, elements) -> {
          if (set.equals(everywhere)) {
            all.put(to.everywhere(), List.of(elements.getFirst().alone()));
          } else if (set.equals(somewhere)) {
            all.put(to.somewhere(), List.of(elements.getFirst().alone()));
          }
        });
    return all;
  }

  /** Takes what has passed the host's own rules for input to the detour. */
  void admit(
      Batch batch, Admission to, String chain, String detour, int link, InetAddress gateway) {
    byte[] index = {(byte) link, (byte) (link >> 8), (byte) (link >> 16), (byte) (link >> 24)};
    for (NamedSet set : List.of(to.somewhere(), to.everywhere())) {
      Rule rule =
          new Rule()
              .load(Rule.Meta.IN, 0)
              .unequal(0, Rule.name("lo"))
              .load(Rule.Meta.IN, 0)
              .unequal(0, Rule.name(detour))
              .loadConnection(0, 0)
              .anyOf(0, 8); // new
      int behind = 0;
      if (set.equals(to.somewhere())) {
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
