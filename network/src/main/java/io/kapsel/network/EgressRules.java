package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.nftables.Batch;
import io.kapsel.linux.nftables.Family;
import io.kapsel.linux.nftables.Field;
import io.kapsel.linux.nftables.NamedSet;
import io.kapsel.linux.nftables.Rule;
import io.kapsel.linux.nftables.Table;
import io.kapsel.linux.nftables.Verdict;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/**
 * The rules that hold policies: for each of them a chain, to which a map leads by bridge and source
 * (the source is right: see {@link SpoofRules}). What is reached by name stands in sets whose
 * elements go away; the resolver puts them there before it answers.
 */
final class EgressRules {
  /** The chain for what leaves a network by this host. */
  static final String CHAIN = "egress";

  /** The chain for what is for this host itself. */
  static final String TO_HOST = "egress_to_host";

  private static final int FIRST_GROUP = 0x6000;
  private static final int TOLD_PER_SECOND = 10;
  private static final int TOLD_AT_ONCE = 50;
  private static final int LIFE = 3600;
  private static final byte ICMPV6 = 58;
  private static final byte[] NEIGHBOURS = {(byte) 133, (byte) 135, (byte) 136, (byte) 143};
  private static final byte[] PORTED = {6, 17};

  private final Table table;
  private final int group;
  private final NamedSet networks;
  private final NamedSet sources4;
  private final NamedSet sources6;

  EgressRules(Table table, Naming naming) {
    this.table = table;
    this.group = group(naming);
    networks = NamedSet.of(table, "egress_networks", Field.LINK).toVerdicts();
    sources4 = NamedSet.of(table, "egress_sources4", Field.LINK, Field.IPV4).toVerdicts();
    sources6 = NamedSet.of(table, "egress_sources6", Field.LINK, Field.IPV6).toVerdicts();
  }

  /** Where refusals of this engine are told. */
  static int group(Naming naming) {
    return FIRST_GROUP + Integer.parseInt(naming.tag(), 16);
  }

  private static String chain(Policed policed) {
    return "egress_" + policed.key();
  }

  private static String refusal(Policed policed) {
    return "refuse_" + policed.key();
  }

  private NamedSet names(String key, Family family, boolean ported) {
    Field address = family == Family.IPV4 ? Field.IPV4 : Field.IPV6;
    String name = (ported ? "ports" : "names") + (family == Family.IPV4 ? "4_" : "6_") + key;
    return ported
        ? NamedSet.written(table, name, LIFE, address, Field.PORT)
        : NamedSet.written(table, name, LIFE, address);
  }

  void define(Batch batch) {
    batch.set(networks).set(sources4).set(sources6);
    batch.chain(table, CHAIN).chain(table, TO_HOST);
    batch.rule(table, CHAIN, new Rule().load(Rule.Meta.IN, 0).decide(networks, 0));
    batch.rule(table, CHAIN, source(Family.IPV4, 12, 4).decide(sources4, 0));
    batch.rule(table, CHAIN, source(Family.IPV6, 8, 16).decide(sources6, 0));
    for (byte type : NEIGHBOURS) {
      batch.rule(
          table,
          TO_HOST,
          new Rule()
              .load(Rule.Meta.PROTOCOL, 0)
              .equal(0, ICMPV6)
              .load(Rule.Base.TRANSPORT, 0, 1, 0)
              .equal(0, type)
              .then(Verdict.RETURN));
    }
    batch.rule(table, TO_HOST, new Rule().then(Verdict.goTo(CHAIN)));
  }

  private static Rule source(Family family, int offset, int length) {
    return new Rule()
        .family(family)
        .load(Rule.Meta.IN, 0)
        .load(Rule.Base.NETWORK, offset, length, 4);
  }

  void add(Batch batch, Policed policed) {
    String chain = chain(policed);
    String refusal = refusal(policed);
    batch.chain(table, refusal).chain(table, chain);
    Rule told = new Rule().atMost(TOLD_PER_SECOND, TOLD_AT_ONCE);
    batch.rule(table, refusal, told.logTo(group, policed.key()));
    batch.rule(table, refusal, new Rule().count().reject());
    for (EgressPolicy.Target each : policed.policy().denied()) {
      addresses(batch, chain, each, Verdict.goTo(refusal));
    }
    for (EgressPolicy.Target each : policed.policy().allowed()) {
      addresses(batch, chain, each, Verdict.RETURN);
    }
    if (policed.policy().allowsNames()) {
      byNames(batch, policed, chain);
    }
    if (policed.policy().closed()) {
      batch.rule(table, chain, new Rule().then(Verdict.goTo(refusal)));
    }
    lead(policed, Verdict.jump(chain), batch::elements);
  }

  void remove(Batch batch, Policed policed) {
    lead(policed, Verdict.NONE, batch::removeElements);
    batch.removeChain(table, chain(policed)).removeChain(table, refusal(policed));
    if (policed.policy().allowsNames()) {
      for (Family family : List.of(Family.IPV4, Family.IPV6)) {
        batch.removeSet(names(policed.key(), family, false));
        batch.removeSet(names(policed.key(), family, true));
      }
    }
  }

  private interface Change {
    Batch make(NamedSet set, List<NamedSet.Element> elements);
  }

  private void lead(Policed policed, Verdict verdict, Change change) {
    for (Policed.Source source : policed.sources()) {
      byte[] bridge = Rule.name(source.bridge());
      if (source.addresses().isEmpty()) {
        change.make(networks, List.of(networks.element(verdict, bridge)));
      }
      for (InetAddress each : source.addresses()) {
        NamedSet set = each.getAddress().length == 4 ? sources4 : sources6;
        change.make(set, List.of(set.element(verdict, bridge, each.getAddress())));
      }
    }
  }

  /** One rule for a place that is told by addresses, two if only a port of it is meant. */
  private void addresses(Batch batch, String chain, EgressPolicy.Target target, Verdict verdict) {
    if (target.network().isEmpty()) {
      return;
    }
    Cidr network = target.network().get();
    if (target.port() == 0) {
      batch.rule(table, chain, within(network).then(verdict));
      return;
    }
    for (byte protocol : PORTED) {
      batch.rule(
          table,
          chain,
          within(network)
              .load(Rule.Meta.PROTOCOL, 0)
              .equal(0, protocol)
              .load(Rule.Base.TRANSPORT, 2, 2, 0)
              .equal(0, PortSets.bytes(target.port()))
              .then(verdict));
    }
  }

  private static Rule within(Cidr network) {
    boolean old = !network.isIpv6();
    byte[] first = network.address().getAddress();
    Rule rule =
        new Rule()
            .family(old ? Family.IPV4 : Family.IPV6)
            .load(Rule.Base.NETWORK, old ? 16 : 24, first.length, 0);
    if (network.prefix() < first.length * 8) {
      rule.mask(0, mask(network.prefix(), first.length));
    }
    return rule.equal(0, first);
  }

  private static byte[] mask(int prefix, int length) {
    byte[] mask = new byte[length];
    for (int bit = 0; bit < prefix; bit++) {
      mask[bit / 8] |= (byte) (0x80 >> bit % 8);
    }
    return mask;
  }

  private void byNames(Batch batch, Policed policed, String chain) {
    for (Family family : List.of(Family.IPV4, Family.IPV6)) {
      int offset = family == Family.IPV4 ? 16 : 24;
      int words = family == Family.IPV4 ? 1 : 4;
      NamedSet all = names(policed.key(), family, false);
      NamedSet ported = names(policed.key(), family, true);
      batch.set(all).set(ported);
      Rule any = new Rule().family(family).load(Rule.Base.NETWORK, offset, words * 4, 0);
      batch.rule(table, chain, any.isIn(all, 0).then(Verdict.RETURN));
      for (byte protocol : PORTED) {
        batch.rule(
            table,
            chain,
            new Rule()
                .family(family)
                .load(Rule.Meta.PROTOCOL, 0)
                .equal(0, protocol)
                .load(Rule.Base.NETWORK, offset, words * 4, 0)
                .load(Rule.Base.TRANSPORT, 2, 2, words)
                .isIn(ported, 0)
                .then(Verdict.RETURN));
      }
    }
  }

  /** Lets an address through for a while, from now on; it may be let through already. */
  void learn(Batch batch, String key, Learned.Left left) {
    Learned.Found found = left.found();
    Duration life = left.life();
    byte[] address = found.address().getAddress();
    Family family = address.length == 4 ? Family.IPV4 : Family.IPV6;
    boolean ported = found.port() > 0;
    NamedSet set = names(key, family, ported);
    NamedSet.Element element =
        ported
            ? set.element(life, address, PortSets.bytes(found.port()))
            : set.element(life, address);
    batch.elements(set, List.of(element));
    batch.removeElements(set, List.of(element)); // or the old end stays
    batch.elements(set, List.of(element));
  }
}
