package io.kapsel.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Messages are, byte for byte, what rtnetlink(7) and the kernel's headers say. */
class NetlinkMessageTest {
  private static String hex(NetlinkMessage message) {
    return HexFormat.of().formatHex(message.encode(7));
  }

  @Test
  void aMessageHasItsLengthTypeFlagsAndSequence() {
    assertThat(hex(Links.delete(3)))
        .isEqualTo(
            "20000000"
                + "1100"
                + "0500"
                + "07000000"
                + "00000000" // nlmsghdr
                + "00000000"
                + "03000000"
                + "00000000"
                + "00000000"); // ifinfomsg
  }

  @Test
  void attributesAreAlignedAndNested() {
    NetlinkMessage message =
        new NetlinkMessage(1, 0).nested(5, it -> it.text(1, "ab").byteValue(2, 9));

    assertThat(hex(message).substring(32))
        .isEqualTo("1400" + "0580" + "0700" + "0100" + "61620000" + "0500" + "0200" + "09000000");
  }

  @Test
  void aVethSaysWhatItsOtherEndIs() {
    NetlinkMessage message =
        Links.veth(Links.Device.of("out", 1500), Links.Device.of("in", 1500), 9, 0);
    NetlinkAttributes whole =
        new NetlinkReply(16, 0, ByteBuffer.wrap(message.encode(1)).position(16).slice())
            .attributes(16);
    NetlinkAttributes peer = whole.nested(18).nested(2);

    assertThat(whole.text(3)).contains("out");
    assertThat(whole.nested(18).text(1)).contains("veth");
    NetlinkAttributes inside =
        NetlinkAttributes.read(peer.bytes(1).orElseThrow().position(16).slice());
    assertThat(inside.text(3)).contains("in");
    assertThat(inside.value(28)).hasValue(9);
  }

  @Test
  void anAddressOfIpv4HasItsBroadcastAndOneOfIpv6IsNotSearchedFor() {
    assertThat(hex(Addresses.add(4, Cidr.parse("10.1.2.3/24"))).substring(32))
        .isEqualTo(
            "02180000"
                + "04000000"
                + "08000200"
                + "0a010203"
                + "08000100"
                + "0a010203"
                + "08000400"
                + "0a0102ff");
    assertThat(hex(Addresses.add(4, Cidr.parse("fd00::3/64"))).substring(32))
        .startsWith("0a400200" + "04000000");
  }

  @Test
  void aDefaultRouteHasNoDestination() {
    assertThat(hex(Routes.addDefault(4, Cidr.address("10.1.2.1"), 0)).substring(32))
        .isEqualTo(
            "02000000"
                + "fe030001"
                + "00000000"
                + "08000500"
                + "0a010201"
                + "08000400"
                + "04000000");
  }

  @Test
  void whatIsCutOffIsLeftOut() {
    byte[] bytes = HexFormat.of().parseHex("0800010001020304" + "ff000200" + "05");

    NetlinkAttributes found = NetlinkAttributes.read(ByteBuffer.wrap(bytes));

    assertThat(found.value(1)).hasValue(0x04030201);
    assertThat(found.bytes(2)).isEqualTo(Optional.empty());
  }

  @Test
  void anAttributeOfMoreThan64KilobytesIsRefused() {
    assertThatThrownBy(
            () -> new NetlinkMessage(1, 0).nested(1, it -> it.bytes(1, new byte[70_000])))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void namesOfLinksAreChecked() {
    assertThatThrownBy(() -> Links.bridge(Links.Device.of("a-name-that-is-too-long", 0)))
        .hasMessageContaining("is not the name of a link");
  }

  @Test
  void networksCountTheirAddresses() {
    Cidr network = Cidr.parse("172.18.5.9/16");

    assertThat(network.network()).hasToString("172.18.0.0/16");
    assertThat(network.contains(Cidr.address("172.18.255.255"))).isTrue();
    assertThat(network.contains(Cidr.address("172.19.0.0"))).isFalse();
    assertThat(network.overlaps(Cidr.parse("172.18.4.0/24"))).isTrue();
    assertThat(Cidr.parse("172.18.4.0/24").overlaps(network)).isTrue();
    assertThat(network.overlaps(Cidr.parse("fd00::/8"))).isFalse();
    assertThat(network.at(java.math.BigInteger.TWO)).isEqualTo(Cidr.address("172.18.0.2"));
    assertThat(Cidr.parse("fd00:0:0:1::/64")).hasToString("fd00:0:0:1::/64");
    assertThat(Cidr.text(Cidr.address("2001:db8:0:0:1:0:0:1"))).isEqualTo("2001:db8::1:0:0:1");
  }

  @Test
  void whatIsNoAddressIsNotLookedUp() {
    for (String text : new String[] {"", "localhost", "1.2.3", "10", "1.2.3.4/33", "::/129", "a"}) {
      assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aMulticastAddressIsNoAddressOfALink() {
    assertThat(new MacAddress("02-42-AC-11-00-02").text()).isEqualTo("02:42:ac:11:00:02");
    assertThatThrownBy(() -> new MacAddress("01:00:5e:00:00:01")).hasMessageContaining("multicast");
  }
}
