package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.netlink.MacAddress;
import io.kapsel.linux.nftables.Batch;
import io.kapsel.linux.nftables.Family;
import io.kapsel.linux.nftables.Field;
import io.kapsel.linux.nftables.Hook;
import io.kapsel.linux.nftables.NamedSet;
import io.kapsel.linux.nftables.NamedSet.Element;
import io.kapsel.linux.nftables.Rule;
import io.kapsel.linux.nftables.Table;
import io.kapsel.linux.nftables.Verdict;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a container may put on its wire: frames from its own card with its own addresses. Containers
 * may open raw sockets (CAP_NET_RAW, as ping needs), so without this one could answer for its
 * neighbours or for the gateway (ARP, neighbour discovery), offer leases (DHCP), announce routes,
 * or send as somebody else.
 */
final class SpoofRules {
  private static final byte[] IPV4 = {8, 0};
  private static final byte[] ARP = {8, 6};
  private static final byte[] IPV6 = {(byte) 0x86, (byte) 0xdd};
  private static final byte TCP = 6;
  private static final byte UDP = 17;
  private static final byte ICMPV6 = 58;
  private static final String CHAIN = "from_containers";
  private static final byte[] DHCP_CLIENT = {0, 68};
  private static final byte[] DHCP6_SERVER = {2, 35};

  /** The port of those who lease addresses. */
  static final byte[] DHCP_SERVER = {0, 67};

  private final Table table;
  private final String prefix;
  private final RateRules rates;
  private final NamedSet cards;
  private final NamedSet addresses;
  private final NamedSet addresses6;
  private final NamedSet asking;
  private final NamedSet senders;
  private final NamedSet senders6;

  SpoofRules(Naming naming) {
    table = new Table(Family.BRIDGE, naming.table());
    prefix = naming.linkPrefix();
    rates = new RateRules(table);
    cards = NamedSet.of(table, "cards", Field.LINK, Field.MAC);
    addresses = NamedSet.of(table, "addresses4", Field.LINK, Field.IPV4);
    addresses6 = NamedSet.of(table, "addresses6", Field.LINK, Field.IPV6);
    asking = NamedSet.of(table, "asking", Field.LINK);
    senders = NamedSet.of(table, "senders4", Field.LINK, Field.MAC_AND_TYPE, Field.IPV4);
    senders6 = NamedSet.of(table, "senders6", Field.LINK, Field.MAC_AND_TYPE, Field.IPV6);
  }

  Table table() {
    return table;
  }

  void add(Batch batch, Card card) {
    elements(card).forEach(batch::elements);
    rates.add(batch, card);
  }

  void remove(Batch batch, Card card) {
    elements(card).forEach(batch::removeElements);
    rates.remove(batch, card);
  }

  private Map<NamedSet, List<Element>> elements(Card card) {
    Endpoint endpoint = card.endpoint();
    byte[] link = Rule.name(endpoint.link());
    Map<NamedSet, List<Element>> all = new LinkedHashMap<>();
    if (card.asks()) {
      all.put(asking, List.of(asking.element(link)));
    }
    all.put(cards, List.of(cards.element(link, new MacAddress(endpoint.mac()).bytes())));
    endpoint
        .ipv4Address()
        .ifPresent(it -> all.put(addresses, List.of(addresses.element(link, it.getAddress()))));
    List<Element> six = new ArrayList<>();
    six.add(addresses6.element(link, linkLocal(endpoint.mac()).getAddress()));
    endpoint.ipv6Address().ifPresent(it -> six.add(addresses6.element(link, it.getAddress())));
    all.put(addresses6, six);
    if (card.out().isEmpty()) {
      all.put(senders, known(senders, endpoint, IPV4, endpoint.ipv4Address()));
      all.put(senders6, known(senders6, endpoint, IPV6, endpoint.ipv6Address()));
    }
    return all;
  }

  private static List<Element> known(
      NamedSet set, Endpoint endpoint, byte[] type, Optional<InetAddress> address) {
    byte[] head = Arrays.copyOf(new MacAddress(endpoint.mac()).bytes(), 8);
    System.arraycopy(type, 0, head, 6, 2);
    return address.stream()
        .map(it -> set.element(Rule.name(endpoint.link()), head, it.getAddress()))
        .toList();
  }

  /** What the kernel calls a link by itself (RFC 4291, appendix A). */
  static InetAddress linkLocal(String mac) {
    byte[] six = new MacAddress(mac).bytes();
    String text =
        "fe80::%x:%x:%x:%x"
            .formatted(
                ((six[0] & 0xff) ^ 2) << 8 | (six[1] & 0xff),
                (six[2] & 0xff) << 8 | 0xff,
                0xfe00 | (six[3] & 0xff),
                (six[4] & 0xff) << 8 | (six[5] & 0xff));
    return Cidr.address(text);
  }

  void define(Batch batch) {
    batch.replace(table).set(cards).set(addresses).set(addresses6).set(asking);
    batch.set(senders).set(senders6);
    batch.chain(table, CHAIN).chain(table, "arp").chain(table, "ipv4").chain(table, "ipv6");
    batch.chain(table, "prerouting", new Hook("filter", Hook.Point.PREROUTING, Hook.RAW));
    rule(batch, "prerouting", sender(12, 4).isIn(senders, 0), Verdict.ACCEPT);
    rule(batch, "prerouting", sender(8, 16).isIn(senders6, 0), Verdict.ACCEPT);
    rule(batch, "prerouting", new Rule().startsWith(Rule.Meta.IN, prefix), Verdict.jump(CHAIN));
    rates.define(batch, "prerouting");
    rule(
        batch,
        CHAIN,
        new Rule().load(Rule.Meta.IN, 0).load(Rule.Base.FRAME, 6, 6, 4).isNotIn(cards, 0).count(),
        Verdict.DROP);
    rule(batch, CHAIN, frame(IPV4), Verdict.goTo("ipv4"));
    rule(batch, CHAIN, frame(IPV6), Verdict.goTo("ipv6"));
    rule(batch, CHAIN, frame(ARP), Verdict.goTo("arp"));
    rule(batch, CHAIN, new Rule().count(), Verdict.DROP); // neither VLANs nor bridges of its own
    arp(batch);
    ipv4(batch);
    ipv6(batch);
  }

  /**
   * Most packets are TCP's and from who may send them. One look-up tells: for each of them all
   * rules together cost as much as a bridge does.
   */
  private static Rule sender(int offset, int length) {
    return new Rule()
        .load(Rule.Meta.PROTOCOL, 0)
        .equal(0, TCP)
        .load(Rule.Meta.IN, 0)
        .load(Rule.Base.FRAME, 6, 8, 4) // its card, and the type of the frame
        .load(Rule.Base.NETWORK, offset, length, 6);
  }

  private static Rule frame(byte[] type) {
    return new Rule().load(Rule.Base.FRAME, 12, 2, 0).equal(0, type);
  }

  /** Sender and card must be its own; one without an address yet may search for its own. */
  private void arp(Batch batch) {
    rule(batch, "arp", foreign(8, 6, cards), Verdict.DROP);
    rule(batch, "arp", foreign(14, 4, addresses), Verdict.DROP);
  }

  private void ipv4(Batch batch) {
    Rule asks =
        new Rule()
            .load(Rule.Meta.IN, 0)
            .isIn(asking, 0)
            .load(Rule.Base.NETWORK, 12, 4, 0)
            .equal(0, new byte[4]);
    rule(batch, "ipv4", udp(udp(asks, 0, DHCP_CLIENT), 2, DHCP_SERVER), Verdict.ACCEPT);
    rule(batch, "ipv4", foreign(12, 4, addresses), Verdict.DROP);
    rule(batch, "ipv4", udp(new Rule(), 0, DHCP_SERVER).count(), Verdict.DROP); // offers of leases
  }

  private void ipv6(Batch batch) {
    for (byte type : new byte[] {(byte) 134, (byte) 137}) {
      rule(batch, "ipv6", icmp(type).count(), Verdict.DROP); // announcements and redirects
    }
    rule(
        batch,
        "ipv6",
        icmp((byte) 136)
            .load(Rule.Meta.IN, 0)
            .load(Rule.Base.TRANSPORT, 8, 16, 4)
            .isNotIn(addresses6, 0)
            .count(),
        Verdict.DROP); // answers for others
    rule(
        batch,
        "ipv6",
        new Rule().load(Rule.Base.NETWORK, 8, 16, 0).equal(0, new byte[16]),
        Verdict.ACCEPT); // the search for duplicates of a new address
    rule(batch, "ipv6", foreign(8, 16, addresses6), Verdict.DROP);
    rule(batch, "ipv6", udp(new Rule(), 0, DHCP6_SERVER).count(), Verdict.DROP);
  }

  /** What comes from a place without a right to that source: bytes of the network's header. */
  private static Rule foreign(int offset, int length, NamedSet allowed) {
    return new Rule()
        .load(Rule.Meta.IN, 0)
        .load(Rule.Base.NETWORK, offset, length, 4)
        .isNotIn(allowed, 0)
        .count();
  }

  /** Goes on with a datagram whose port, of the source at 0 or of the destination at 2, is that. */
  static Rule udp(Rule rule, int offset, byte... port) {
    return rule.load(Rule.Meta.PROTOCOL, 0)
        .equal(0, UDP)
        .load(Rule.Base.TRANSPORT, offset, 2, 0)
        .equal(0, port);
  }

  private static Rule icmp(byte type) {
    return new Rule()
        .load(Rule.Meta.PROTOCOL, 0) // behind extension headers, too
        .equal(0, ICMPV6)
        .load(Rule.Base.TRANSPORT, 0, 1, 0)
        .equal(0, type);
  }

  private void rule(Batch batch, String chain, Rule rule, Verdict verdict) {
    batch.rule(table, chain, rule.then(verdict));
  }
}
