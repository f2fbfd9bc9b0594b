package io.kapsel.network;

import io.kapsel.linux.netlink.NetlinkSocket;
import io.kapsel.linux.nftables.Batch;
import io.kapsel.linux.nftables.Family;
import io.kapsel.linux.nftables.Field;
import io.kapsel.linux.nftables.Hook;
import io.kapsel.linux.nftables.NamedSet;
import io.kapsel.linux.nftables.NamedSet.Element;
import io.kapsel.linux.nftables.Rule;
import io.kapsel.linux.nftables.Ruleset;
import io.kapsel.linux.nftables.Table;
import io.kapsel.linux.nftables.Verdict;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * The rules for packets of all networks, in tables of our own: one for IP, one for frames on
 * bridges, and, where the host filters its input, one for each version of IP that sends what the
 * host has let in on to containers. The rules themselves never change; networks, cards and ports
 * are elements of sets.
 */
final class Firewall {
  private static final int AFTER_ALL_FILTERS = 200;
  private static final int BEFORE_CONNECTIONS = Hook.RAW - 10;
  private static final int AFTER_TRANSLATION = Hook.SNAT + 10;
  private static final int ESTABLISHED_OR_RELATED = 6;
  private static final int TRANSLATED = 0x20;
  private static final byte ICMPV6 = 58;

  /** All that the rules depend on. */
  record State(
      Collection<BridgeRules> bridges,
      Collection<Card> cards,
      Collection<Published> ports,
      Collection<Policed> policed,
      Collection<String> machine,
      Optional<Detour> detour) {}

  /** The link over which the host sends what it has let in to itself. */
  record Detour(String far, int near, InetAddress gateway4, InetAddress gateway6) {}

  private final NetlinkSocket socket;
  private final Naming naming;
  private final Table table;
  private final SpoofRules spoof;
  private final EgressRules egress;
  private final Learned learned;
  private final Map<Family, PortSets> ports = new LinkedHashMap<>();
  private final NamedSet bridges;
  private final NamedSet internal;
  private final NamedSet masquerading;
  private final NamedSet neighbours;
  private final NamedSet same;
  private final NamedSet machine;
  private final NamedSet leasing;
  private boolean detoured;

  Firewall(NetlinkSocket socket, Naming naming, Learned learned) {
    this.socket = socket;
    this.learned = learned;
    this.naming = naming;
    table = new Table(Family.INET, naming.table());
    spoof = new SpoofRules(naming);
    egress = new EgressRules(table, naming);
    ports.put(Family.IPV4, new PortSets(table, Family.IPV4));
    ports.put(Family.IPV6, new PortSets(table, Family.IPV6));
    bridges = NamedSet.of(table, "bridges", Field.LINK);
    internal = NamedSet.of(table, "internal", Field.LINK);
    masquerading = NamedSet.of(table, "masquerading", Field.LINK);
    neighbours = NamedSet.of(table, "neighbours", Field.LINK, Field.LINK);
    same = NamedSet.of(table, "same", Field.LINK, Field.LINK);
    machine = NamedSet.of(table, "machine", Field.LINK);
    leasing = NamedSet.of(table, "leasing", Field.LINK);
  }

  /** Makes all rules anew, at once: no packet meets half of them. */
  void replace(State state) {
    Batch batch = new Batch();
    define(batch, state.detour());
    state.bridges().forEach(each -> apply(elements(each), batch::elements));
    state.cards().forEach(each -> spoof.add(batch, each));
    state.policed().forEach(each -> police(batch, each));
    Map<NamedSet, List<Element>> all = new LinkedHashMap<>();
    for (Published each : state.ports()) {
      elements(each, state.detour().isPresent())
          .forEach((set, some) -> all.computeIfAbsent(set, _ -> new ArrayList<>()).addAll(some));
    }
    apply(all, batch::elements);
    batch.elements(
        machine, state.machine().stream().map(it -> machine.element(Rule.name(it))).toList());
    batch.commit(socket, "make the rules for packets");
    detoured = state.detour().isPresent();
  }

  /** Whether all tables are there. */
  boolean stands() {
    List<Table> there = Ruleset.tables(socket);
    return there.contains(table)
        && there.contains(spoof.table())
        && (!detoured || there.contains(admissionTable(Family.IPV4)));
  }

  /** Removes all of it. */
  void remove() {
    Batch batch = new Batch();
    for (Table each : Ruleset.tables(socket)) {
      if (each.name().equals(naming.table())) {
        batch.remove(each);
      }
    }
    batch.commit(socket, "remove the rules for packets");
  }

  private void police(Batch batch, Policed policed) {
    egress.add(batch, policed);
    learned.of(policed.key()).forEach(it -> egress.learn(batch, policed.key(), it));
  }

  /** Lets through what was found by names that a policy allows. */
  void learn(String key, Collection<Learned.Left> found) {
    change("let in an address", batch -> found.forEach(it -> egress.learn(batch, key, it)));
  }

  void add(BridgeRules bridge, Collection<Policed> policed) {
    change(
        "let in a network",
        batch -> {
          apply(elements(bridge), batch::elements);
          policed.forEach(each -> police(batch, each));
        });
  }

  void remove(BridgeRules bridge, Collection<Policed> policed) {
    change(
        "shut out a network",
        batch -> {
          apply(elements(bridge), batch::removeElements);
          policed.forEach(each -> egress.remove(batch, each));
        });
  }

  void add(Collection<Card> cards, Collection<Published> published, Collection<Policed> policed) {
    change(
        "let in a container",
        batch -> {
          policed.forEach(each -> police(batch, each));
          cards.forEach(each -> spoof.add(batch, each));
          published.forEach(each -> apply(elements(each, detoured), batch::newElements));
        });
  }

  void remove(
      Collection<Card> cards, Collection<Published> published, Collection<Policed> policed) {
    change(
        "shut out a container",
        batch -> {
          policed.forEach(each -> egress.remove(batch, each));
          cards.forEach(each -> spoof.remove(batch, each));
          published.forEach(each -> apply(elements(each, detoured), batch::removeElements));
        });
  }

  private void change(String what, java.util.function.Consumer<Batch> changes) {
    Batch batch = new Batch();
    changes.accept(batch);
    batch.commit(socket, what);
  }

  private static void apply(
      Map<NamedSet, List<Element>> elements, BiConsumer<NamedSet, List<Element>> change) {
    elements.forEach(change);
  }

  private Map<NamedSet, List<Element>> elements(BridgeRules bridge) {
    byte[] link = Rule.name(bridge.link());
    Map<NamedSet, List<Element>> all = new LinkedHashMap<>();
    all.put(bridges, List.of(bridges.element(link)));
    all.put(same, List.of(same.element(link, link)));
    if (bridge.internal()) {
      all.put(internal, List.of(internal.element(link)));
    }
    if (bridge.masquerade()) {
      all.put(masquerading, List.of(masquerading.element(link)));
    }
    if (bridge.leases()) {
      all.put(leasing, List.of(leasing.element(link)));
    }
    if (bridge.neighbours()) {
      all.put(neighbours, List.of(neighbours.element(link, link)));
    }
    return all;
  }

  private Map<NamedSet, List<Element>> elements(Published published, boolean admitted) {
    Map<NamedSet, List<Element>> all = new LinkedHashMap<>();
    ports.forEach((family, sets) -> {
      all.putAll(sets.elements(published));
      if (admitted) {
        all.putAll(sets.admitted(published, sets.admission(admissionTable(family))));
      }
    });
    return all;
  }

  private Table admissionTable(Family family) {
    return new Table(family, naming.table());
  }

  private void define(Batch batch, Optional<Detour> detour) {
    batch.replace(table);
    for (NamedSet set :
        List.of(bridges, internal, masquerading, neighbours, same, machine, leasing)) {
      batch.set(set);
    }
    ports.values().forEach(each -> each.define(batch));
    batch.chain(table, "publish");
    ports.values().forEach(each -> each.translate(batch, "publish"));
    egress.define(batch);
    translation(batch, detour);
    forwarding(batch);
    input(batch);
    spoof.define(batch);
    ports.forEach((family, sets) -> {
      Table own = admissionTable(family);
      batch.table(own).remove(own);
      detour.ifPresent(it -> admission(batch, family, sets, it));
    });
  }

  private void translation(Batch batch, Optional<Detour> detour) {
    chain(batch, "prerouting", "nat", Hook.Point.PREROUTING, Hook.DNAT);
    Rule come = detour.map(it -> new Rule().in(it.far())).orElseGet(Rule::new);
    rule(batch, "prerouting", come, Verdict.jump("publish"));
    chain(batch, "output", "nat", Hook.Point.OUTPUT, Hook.DNAT);
    rule(batch, "output", new Rule(), Verdict.jump("publish"));
    chain(batch, "postrouting", "nat", Hook.Point.POSTROUTING, Hook.SNAT);
    batch.rule(
        table,
        "postrouting",
        new Rule()
            .load(Rule.Meta.IN, 0)
            .isIn(masquerading, 0)
            .load(Rule.Meta.OUT, 0)
            .isNotIn(bridges, 0)
            .masquerade());
    batch.rule( // or a neighbour would answer past us
        table,
        "postrouting",
        wire(new Rule().loadConnection(2, 0).anyOf(0, TRANSLATED)).isIn(same, 0).masquerade());
    chain(batch, "leave_loopback", "filter", Hook.Point.OUTPUT, BEFORE_CONNECTIONS);
    rule(batch, "leave_loopback", new Rule().loopback(Rule.Meta.OUT_NUMBER, false), Verdict.ACCEPT);
    ports.values().forEach(each -> each.leaveLoopback(batch, "leave_loopback"));
    chain(batch, "enter_loopback", "filter", Hook.Point.INPUT, AFTER_TRANSLATION);
    rule(batch, "enter_loopback", new Rule().loopback(Rule.Meta.IN_NUMBER, true), Verdict.ACCEPT);
    ports.values().forEach(each -> each.enterLoopback(batch, "enter_loopback"));
  }

  private static Rule wire(Rule rule) {
    return rule.load(Rule.Meta.IN, 0).load(Rule.Meta.OUT, 4);
  }

  private static Rule isIn(Rule.Meta link, NamedSet set) {
    return new Rule().load(link, 0).isIn(set, 0);
  }

  private void forwarding(Batch batch) {
    batch.chain(table, "from_container").chain(table, "to_container");
    Rule translated = isIn(Rule.Meta.OUT, bridges).loadConnection(2, 0).anyOf(0, TRANSLATED);
    rule(batch, "from_container", wire(new Rule()).isIn(neighbours, 0), Verdict.ACCEPT);
    rule(batch, "from_container", new Rule(), Verdict.jump(EgressRules.CHAIN));
    rule(batch, "from_container", isIn(Rule.Meta.IN, internal).count(), Verdict.DROP);
    rule(batch, "from_container", isIn(Rule.Meta.OUT, internal).count(), Verdict.DROP);
    rule(batch, "from_container", translated, Verdict.ACCEPT);
    rule(batch, "from_container", isIn(Rule.Meta.OUT, bridges).count(), Verdict.DROP);
    rule(batch, "to_container", isIn(Rule.Meta.OUT, internal).count(), Verdict.DROP);
    rule(
        batch,
        "to_container",
        new Rule().loadConnection(2, 0).anyOf(0, TRANSLATED),
        Verdict.ACCEPT);
    rule(batch, "to_container", new Rule().count(), Verdict.DROP);
    chain(batch, "forward", "filter", Hook.Point.FORWARD, Hook.FILTER);
    rule(
        batch,
        "forward",
        new Rule().loadConnection(0, 0).anyOf(0, ESTABLISHED_OR_RELATED),
        Verdict.ACCEPT);
    rule(batch, "forward", isIn(Rule.Meta.IN, bridges), Verdict.goTo("from_container"));
    rule(batch, "forward", isIn(Rule.Meta.OUT, bridges), Verdict.goTo("to_container"));
    rule( // that this host passes packets on for containers makes it nobody else's router
        batch,
        "forward",
        isIn(Rule.Meta.IN, machine).load(Rule.Meta.OUT, 0).isIn(machine, 0).count(),
        Verdict.DROP);
  }

  /** Who is on an internal network does not reach the host either, but the host reaches it. */
  private void input(Batch batch) {
    chain(batch, "input", "filter", Hook.Point.INPUT, Hook.FILTER);
    rule(
        batch,
        "input",
        new Rule().loadConnection(0, 0).anyOf(0, ESTABLISHED_OR_RELATED),
        Verdict.ACCEPT);
    Rule asked = SpoofRules.udp(isIn(Rule.Meta.IN, leasing), 2, SpoofRules.DHCP_SERVER);
    rule(batch, "input", asked, Verdict.ACCEPT);
    rule(batch, "input", isIn(Rule.Meta.IN, bridges), Verdict.jump(EgressRules.TO_HOST));
    for (byte search : new byte[] {(byte) 135, (byte) 136}) {
      rule(
          batch,
          "input",
          isIn(Rule.Meta.IN, internal)
              .load(Rule.Meta.PROTOCOL, 0)
              .equal(0, ICMPV6)
              .load(Rule.Base.TRANSPORT, 0, 1, 0)
              .equal(0, search),
          Verdict.ACCEPT);
    }
    rule(batch, "input", isIn(Rule.Meta.IN, internal).count(), Verdict.DROP);
  }

  /**
   * Behind all filters of the host: what they have let in is for a container, and goes once more
   * through the host from the far end of the detour, where it is translated.
   */
  private void admission(Batch batch, Family family, PortSets ports, Detour detour) {
    Table own = admissionTable(family);
    PortSets.Admission sets = ports.admission(own);
    batch.table(own);
    sets.sets().values().forEach(batch::set);
    batch.chain(own, "admit", new Hook("filter", Hook.Point.INPUT, AFTER_ALL_FILTERS));
    InetAddress gateway = family == Family.IPV4 ? detour.gateway4() : detour.gateway6();
    ports.admit(batch, sets, "admit", detour.far(), detour.near(), gateway);
  }

  private void chain(Batch batch, String name, String type, Hook.Point point, int priority) {
    batch.chain(table, name, new Hook(type, point, priority));
  }

  private void rule(Batch batch, String chain, Rule rule, Verdict verdict) {
    batch.rule(table, chain, rule.then(verdict));
  }

  /** The chains of others at a point, that filter. */
  private List<Ruleset.BaseChain> foreign(Hook.Point point) {
    Set<Family> families = Set.of(Family.INET, Family.IPV4, Family.IPV6);
    return Ruleset.baseChains(socket).stream()
        .filter(each -> each.hook().point() == point && each.hook().type().equals("filter"))
        .filter(each -> families.contains(each.table().family()))
        .filter(each -> !each.table().name().startsWith("kapsel-"))
        .toList();
  }

  /** The chains of others at a point that may drop something. */
  List<Ruleset.BaseChain> filters(Hook.Point point) {
    return foreign(point).stream().filter(each -> each.drops() || each.rules() > 0).toList();
  }

  /** Whether somebody else's rules say what may come in to this host. */
  boolean hostFiltersInput() {
    return !filters(Hook.Point.INPUT).isEmpty();
  }

  /**
   * Where others drop by default what is passed on, what comes from or goes to our bridges is left
   * to our own rules. Theirs come first: the exception stands at the end.
   */
  void exceptFromForeignPolicies() {
    for (Ruleset.BaseChain chain : foreign(Hook.Point.FORWARD)) {
      boolean known =
          Ruleset.remarked(socket, chain.table(), chain.name()).stream()
              .anyMatch(each -> each.remark().equals(naming.remark()));
      if (chain.drops() && !known) {
        Batch batch = new Batch();
        for (Rule.Meta link : List.of(Rule.Meta.IN, Rule.Meta.OUT)) {
          Rule rule = new Rule().startsWith(link, naming.bridgePrefix()).then(Verdict.ACCEPT);
          batch.rule(chain.table(), chain.name(), rule, naming.remark());
        }
        batch.commit(socket, "leave containers to their own rules");
      }
    }
  }
}
