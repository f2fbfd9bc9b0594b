package io.kapsel.linux.nftables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.netlink.NetlinkSocket;
import io.kapsel.linux.netlink.NetworkNamespace;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The kernel takes what is written; in network namespaces that this test made itself. */
class NftablesIT {
  private static final Table TABLE = new Table(Family.INET, "kapsel-test");
  private final NetworkNamespace namespace = NetworkNamespace.create();
  private final NetlinkSocket socket = namespace.in(NetlinkSocket::netfilter);

  @AfterEach
  void close() {
    socket.close();
    namespace.close();
  }

  private static Batch everything() {
    NamedSet ports =
        NamedSet.of(TABLE, "ports", Field.PROTOCOL, Field.PORT).to(Field.IPV4, Field.PORT);
    NamedSet links = NamedSet.of(TABLE, "links", Field.LINK).toVerdicts();
    NamedSet pairs = NamedSet.of(TABLE, "pairs", Field.LINK, Field.LINK);
    NamedSet seen = NamedSet.written(TABLE, "seen", 5, Field.IPV4, Field.PORT);
    Batch batch = new Batch().replace(TABLE).chain(TABLE, "inner");
    NamedSet spans =
        NamedSet.of(TABLE, "spans", Field.PROTOCOL, Field.PORT).ofSpans().to(Field.IPV4);
    batch.set(ports).set(links).set(pairs).set(seen).set(spans);
    byte[] tcp = {6};
    batch.newElements(
        spans,
        List.of(
            spans.span(
                List.of(tcp, new byte[] {2, 0}),
                List.of(tcp, new byte[] {(byte) 0xff, 0}),
                List.of(new byte[] {10, 0, 0, 2}))));
    batch.elements(
        ports,
        List.of(
            ports.element(
                List.of(new byte[] {6}, new byte[] {31, 1}),
                List.of(new byte[] {10, 0, 0, 2}, new byte[] {0, 80}))));
    batch.elements(links, List.of(links.element(Verdict.jump("inner"), Rule.name("br0"))));
    batch.elements(pairs, List.of(pairs.element(Rule.name("br0"), Rule.name("br0"))));
    batch.chain(TABLE, "nat", new Hook("nat", Hook.Point.PREROUTING, Hook.DNAT));
    batch.rule(
        TABLE,
        "nat",
        new Rule()
            .family(Family.IPV4)
            .loadDestinationType(0)
            .equal(0, new byte[] {2, 0, 0, 0})
            .load(Rule.Meta.PROTOCOL, 0)
            .load(Rule.Base.TRANSPORT, 2, 2, 1)
            .map(ports, 0, 0)
            .translateDestination(Family.IPV4, 0, 1));
    batch.rule(
        TABLE,
        "nat",
        new Rule()
            .family(Family.IPV4)
            .load(Rule.Meta.PROTOCOL, 0)
            .load(Rule.Base.TRANSPORT, 2, 2, 1)
            .map(spans, 0, 0)
            .translateDestination(Family.IPV4, 0));
    batch.chain(TABLE, "post", new Hook("nat", Hook.Point.POSTROUTING, Hook.SNAT));
    batch.rule(TABLE, "post", new Rule().startsWith(Rule.Meta.IN, "br").masquerade());
    batch.chain(TABLE, "forward", new Hook("filter", Hook.Point.FORWARD, Hook.FILTER));
    batch.rule(TABLE, "forward", new Rule().loadConnection(0, 0).anyOf(0, 6).then(Verdict.ACCEPT));
    batch.rule(TABLE, "forward", new Rule().load(Rule.Meta.IN, 0).decide(links, 0));
    batch.rule(
        TABLE,
        "forward",
        new Rule()
            .load(Rule.Meta.IN, 0)
            .load(Rule.Meta.OUT, 4)
            .isIn(pairs, 0)
            .then(Verdict.ACCEPT));
    batch.rule(TABLE, "forward", new Rule().atMost(10, 5).log("kapsel ").count().reject());
    batch.rule(
        TABLE,
        "inner",
        new Rule()
            .family(Family.IPV4)
            .load(Rule.Base.NETWORK, 12, 4, 0)
            .load(Rule.Base.TRANSPORT, 0, 2, 1)
            .remember(seen, 0));
    return batch;
  }

  @Test
  void everyExpressionIsTaken() {
    everything().commit(socket, "make the rules");

    assertThat(Ruleset.tables(socket)).containsExactly(TABLE);
    assertThat(Ruleset.baseChains(socket))
        .extracting(Ruleset.BaseChain::name)
        .containsExactlyInAnyOrder("nat", "post", "forward");
  }

  @Test
  void aTableIsMadeAnewOverItself() {
    everything().commit(socket, "make the rules");
    everything().commit(socket, "make them again");

    assertThat(Ruleset.tables(socket)).containsExactly(TABLE);
  }

  @Test
  void aBatchThatFailsChangesNothing() {
    Batch batch = new Batch().table(TABLE).removeChain(TABLE, "nix");

    assertThatThrownBy(() -> batch.commit(socket, "remove a chain"))
        .isInstanceOf(SyscallException.class)
        .hasMessageContaining("remove a chain");
    assertThat(Ruleset.tables(socket)).isEmpty();
  }

  @Test
  void aChangeIsHeardOf() {
    try (NetlinkSocket ear = namespace.in(() -> NetlinkSocket.netfilter().join(Ruleset.CHANGES))) {
      new Batch().table(TABLE).commit(socket, "make a table");

      assertThat(ear.next(Duration.ofSeconds(30))).isNotEmpty();
    }
  }

  @Test
  void tenThousandElementsAreTakenAtOnce() {
    NamedSet set = NamedSet.of(TABLE, "s", Field.PORT);
    Batch batch = new Batch().table(TABLE).set(set);
    batch.elements(
        set,
        java.util.stream.IntStream.range(0, 10_000)
            .mapToObj(i -> set.element(new byte[] {(byte) (i >> 8), (byte) i}))
            .toList());
    batch.commit(socket, "make a set");

    assertThatThrownBy(() ->
            new Batch()
                .newElements(set, List.of(set.element(new byte[] {1, 1})))
                .commit(socket, "add a port"))
        .hasMessageContaining("(EEXIST)");
  }

  @Test
  void rulesWithARemarkAreFoundAgain() {
    Batch batch = new Batch().table(TABLE).chain(TABLE, "c");
    batch.rule(TABLE, "c", new Rule().then(Verdict.DROP));
    batch.rule(TABLE, "c", new Rule().then(Verdict.ACCEPT), "mine");
    batch.commit(socket, "make rules");

    List<Ruleset.Remarked> found = Ruleset.remarked(socket, TABLE, "c");
    assertThat(found).hasSize(1);
    assertThat(found.getFirst().remark()).isEqualTo("mine");
    new Batch().removeRule(TABLE, "c", found.getFirst().handle()).commit(socket, "remove it");
    assertThat(Ruleset.remarked(socket, TABLE, "c")).isEmpty();
  }
}
