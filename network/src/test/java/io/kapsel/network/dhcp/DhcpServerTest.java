package io.kapsel.network.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.netlink.Cidr;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Requests and answers by RFC 2131. */
class DhcpServerTest {
  private static final Lease LEASE =
      new Lease(
          Cidr.address("10.7.0.5"),
          24,
          Cidr.address("10.7.0.1"),
          Optional.of(Cidr.address("10.7.0.1")),
          List.of(Cidr.address("127.0.0.11")),
          "box",
          1500);

  private static ByteBuffer message(int type, byte... more) {
    ByteBuffer message = ByteBuffer.allocate(300);
    message.put(0, (byte) 1).put(1, (byte) 1).put(2, (byte) 6).putInt(4, 0x1234);
    message.put(28, HexFormat.of().parseHex("02420a070005")).putInt(236, DhcpRequest.COOKIE);
    message.position(240).put(new byte[] {53, 1, (byte) type}).put(more).put((byte) 255);
    return message.rewind();
  }

  private static String options(ByteBuffer message) {
    return DhcpRequest.read(message)
        .flatMap(it -> DhcpServer.answer(it, LEASE))
        .map(bytes -> HexFormat.of().formatHex(bytes, 236, bytes.length).replaceAll("(00)+$", ""))
        .orElse("");
  }

  @Test
  void anOfferHasAllThatAMachineNeeds() {
    assertThat(options(message(DhcpRequest.DISCOVER)))
        .startsWith("63825363" + "350102" + "36040a070001")
        .contains("330400000e10") // an hour
        .contains("0104ffffff00")
        .contains("1c040a0700ff")
        .contains("03040a070001")
        .contains("06047f00000b")
        .contains("0c03626f78")
        .contains("1a0205dc")
        .endsWith("ff");
  }

  @Test
  void onlyTheOwnAddressIsAcknowledged() {
    byte[] own = {50, 4, 10, 7, 0, 5};
    byte[] another = {50, 4, 10, 7, 0, 6};
    byte[] elsewhere = {50, 4, 10, 7, 0, 5, 54, 4, 10, 7, 0, 2};

    assertThat(options(message(DhcpRequest.REQUEST, own))).startsWith("63825363350105");
    assertThat(options(message(DhcpRequest.REQUEST, another))).startsWith("63825363350106");
    assertThat(options(message(DhcpRequest.REQUEST, elsewhere))).isEmpty();
    assertThat(options(message(DhcpRequest.INFORM)))
        .startsWith("63825363350105")
        .doesNotContain("3304");
    assertThat(options(message(DhcpRequest.RELEASE))).isEmpty();
    assertThat(options(message(DhcpRequest.DECLINE))).isEmpty();
  }

  @Test
  void anyBytesAreSurvived() {
    SecureRandom random = new SecureRandom();
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = new byte[random.nextInt(400)];
      random.nextBytes(bytes);
      ByteBuffer message = ByteBuffer.wrap(bytes);
      if (bytes.length > 240) {
        message.put(0, (byte) 1).put(1, (byte) 1).put(2, (byte) 6).putInt(236, DhcpRequest.COOKIE);
      }
      String _ = options(message);
    }
    assertThat(options(ByteBuffer.allocate(239))).isEmpty();
    assertThat(options(message(DhcpRequest.DISCOVER).put(0, (byte) 2))).isEmpty();
  }
}
