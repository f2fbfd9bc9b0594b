package io.kapsel.linux.nftables;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.netlink.NetlinkMessage;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Batches are, byte for byte, what linux/netfilter/nf_tables.h says. */
class BatchTest {
  private static final Table TABLE = new Table(Family.INET, "t");

  private static String hex(NetlinkMessage message) {
    return HexFormat.of().formatHex(message.encode(1)).substring(8);
  }

  private static String hex(Batch batch, int message) {
    return hex(batch.messages().get(message));
  }

  @Test
  void aBatchHasABeginAndAnEnd() {
    Batch batch = new Batch().table(TABLE);

    assertThat(batch.messages()).hasSize(3);
    assertThat(hex(batch, 0)).isEqualTo("10000100" + "01000000" + "00000000" + "0000000a");
    assertThat(hex(batch, 1))
        .isEqualTo("000a0104" + "01000000" + "00000000" + "01000000" + "06000100" + "74000000");
    assertThat(hex(batch, 2)).startsWith("11000100").endsWith("0000000a");
  }

  @Test
  void aTableIsReplacedInOneBatch() {
    assertThat(new Batch().replace(TABLE).messages().stream().map(BatchTest::hex))
        .hasSize(5)
        .element(2)
        .asString()
        .startsWith("020a0100");
  }

  @Test
  void aChainHasItsHookWithTheHighestByteFirst() {
    Batch batch = new Batch().chain(TABLE, "c", new Hook("nat", Hook.Point.PREROUTING, Hook.DNAT));

    assertThat(hex(batch, 1).substring(24))
        .isEqualTo(
            "01000000"
                + "06000100"
                + "74000000"
                + "06000300"
                + "63000000"
                + "14000480"
                + "08000100"
                + "00000000"
                + "08000200"
                + "ffffff9c"
                + "08000500"
                + "00000001"
                + "08000700"
                + "6e617400");
  }

  @Test
  void aRuleIsAListOfExpressions() {
    Batch batch = new Batch().rule(TABLE, "c", new Rule().in("lo").then(Verdict.DROP));

    assertThat(hex(batch, 1))
        .contains(HexFormat.of().formatHex("meta".getBytes()))
        .contains("08000100" + "00000008" + "08000200" + "00000006") // iifname to register 8
        .contains("6c6f0000000000000000000000000000")
        .endsWith(
            "1c000280"
                + "08000100"
                + "00000000"
                + "10000280"
                + "0c000280"
                + "08000100"
                + "00000000");
  }

  @Test
  void aKeyOfSeveralPartsIsPadded() {
    NamedSet map = NamedSet.of(TABLE, "m", Field.PROTOCOL, Field.PORT).to(Field.IPV4, Field.PORT);
    NamedSet.Element element =
        map.element(
            List.of(new byte[] {6}, new byte[] {0x1f, (byte) 0x90}),
            List.of(new byte[] {10, 0, 0, 2}, new byte[] {0, 80}));

    assertThat(HexFormat.of().formatHex(element.key())).isEqualTo("060000001f900000");
    assertThat(HexFormat.of().formatHex(element.value())).isEqualTo("0a00000200500000");
    assertThat(hex(new Batch().set(map), 1))
        .contains("08000400" + "0000030d") // inet_proto . inet_service
        .contains("08000500" + "00000008")
        .contains("08000600" + "000001cd"); // ipv4_addr . inet_service
  }

  @Test
  void aSpanHasItsEndAndItsSetTellsItsParts() {
    NamedSet map = NamedSet.of(TABLE, "m", Field.PROTOCOL, Field.PORT).ofSpans().to(Field.IPV4);
    byte[] tcp = {6};
    NamedSet.Element element =
        map.span(
            List.of(tcp, new byte[] {0x10, 0}),
            List.of(tcp, new byte[] {0x20, 0}),
            List.of(new byte[] {10, 0, 0, 2}));

    assertThat(hex(new Batch().set(map), 1))
        .contains("08000300" + "0000008c") // interval, map and concatenation
        .contains("0c000180" + "08000100" + "00000001" + "0c000180" + "08000100" + "00000002");
    assertThat(hex(new Batch().elements(map, List.of(element)), 1))
        .contains("0600000010000000")
        .contains("0a80" + "0c000100" + "0600000020000000");
  }

  @Test
  void manyElementsBecomeSeveralMessages() {
    NamedSet set = NamedSet.of(TABLE, "s", Field.PORT);
    List<NamedSet.Element> many =
        java.util.stream.IntStream.range(0, 1000)
            .mapToObj(i -> set.element(new byte[] {(byte) (i >> 8), (byte) i}))
            .toList();

    assertThat(new Batch().elements(set, many).messages()).hasSize(2 + 3);
  }
}
