package io.kapsel.network.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Names are told by RFC 1035, and what is no question gets no answer. */
class ResolverTest {
  private static final int ROOM = 512;
  private List<InetAddress> upstreams = List.of();

  private final Zone zone =
      new Zone() {
        @Override
        public long edition() {
          return 1;
        }

        @Override
        public Optional<List<InetAddress>> addresses(String name) {
          return switch (name) {
            case "web" -> Optional.of(List.of(ip("172.18.0.2"), ip("fd00::2")));
            case "many" -> {
              List<InetAddress> all = new ArrayList<>();
              for (int i = 0; i < 200; i++) {
                all.add(ip("10.0.0." + i));
              }
              yield Optional.of(all);
            }
            default -> Optional.empty();
          };
        }

        @Override
        public Optional<String> name(InetAddress address) {
          return address.equals(ip("172.18.0.2")) || address.equals(ip("fd00::2"))
              ? Optional.of("web.app")
              : Optional.empty();
        }

        @Override
        public List<InetAddress> upstreams() {
          return upstreams;
        }
      };

  private static InetAddress ip(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  static ByteBuffer query(String name, int type) {
    ByteBuffer query = ByteBuffer.allocate(ROOM).putShort((short) 7).putShort((short) 0x100);
    query.putShort((short) 1).putShort((short) 0).putShort((short) 0).putShort((short) 0);
    for (String label : name.split("\\.")) {
      query.put((byte) label.length()).put(label.getBytes(StandardCharsets.US_ASCII));
    }
    return query.put((byte) 0).putShort((short) type).putShort((short) 1).flip();
  }

  private Optional<ByteBuffer> ask(ByteBuffer query) {
    return new Resolver(zone, new Upstreams()).own(query, ROOM);
  }

  private static String tail(ByteBuffer answer, int bytes) {
    byte[] all = new byte[answer.remaining()];
    answer.get(0, all);
    return HexFormat.of().formatHex(all, all.length - bytes, all.length);
  }

  @Test
  void aNameHasAddressesOfTheAskedKind() {
    assertThat(tail(ask(query("WEB", 1)).orElseThrow(), 16))
        .isEqualTo("c00c" + "0001" + "0001" + "00000005" + "0004" + "ac120002");
    assertThat(tail(ask(query("web", 28)).orElseThrow(), 18))
        .isEqualTo("0010" + "fd000000000000000000000000000002");
  }

  @Test
  void aKnownNameWithoutSuchARecordIsNoMissingName() {
    ByteBuffer answer = ask(query("web", 15)).orElseThrow();

    assertThat(answer.getShort(2) & 0xf).isZero();
    assertThat(answer.getShort(6)).isZero();
  }

  @Test
  void anAddressHasAName() {
    String web = "03776562" + "03617070" + "00";
    assertThat(tail(ask(query("2.0.18.172.in-addr.arpa", 12)).orElseThrow(), 9)).isEqualTo(web);
    String six = "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa";
    assertThat(tail(ask(query(six, 12)).orElseThrow(), 9)).isEqualTo(web);
    assertThat(ask(query("999.0.18.172.in-addr.arpa", 12))).isEmpty();
  }

  @Test
  void whatDoesNotFitIsCutAndSaidToBe() {
    ByteBuffer answer = ask(query("many", 1)).orElseThrow();

    assertThat(answer.remaining()).isLessThanOrEqualTo(ROOM);
    assertThat(answer.getShort(2) & 0x200).isNotZero();
  }

  @Test
  void withoutAnybodyToAskAForeignNameFails() {
    ByteBuffer answer =
        new Resolver(zone, new Upstreams()).others(query("debian.org", 1), false).orElseThrow();

    assertThat(answer.getShort(2) & 0xf).isEqualTo(DnsReply.SERVER_FAILED);
    assertThat(answer.getShort(0)).isEqualTo((short) 7);
  }

  @Test
  void anyBytesAreSurvived() {
    SecureRandom random = new SecureRandom();
    Resolver resolver = new Resolver(zone, new Upstreams());
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = new byte[random.nextInt(80)];
      random.nextBytes(bytes);
      if (bytes.length > 6 && random.nextBoolean()) {
        bytes[2] = 1;
        bytes[3] = 0;
        bytes[4] = 0;
        bytes[5] = 1;
      }
      Optional<ByteBuffer> answer = resolver.own(ByteBuffer.wrap(bytes), ROOM);
      assertThat(answer.map(ByteBuffer::remaining).orElse(0)).isLessThanOrEqualTo(ROOM);
    }
  }

  @Test
  void anAnswerToAnotherQuestionIsNotPassedOn() throws Exception {
    try (DatagramSocket server = new DatagramSocket(new InetSocketAddress(ip("127.0.0.1"), 0))) {
      upstreams = List.of(ip("127.0.0.1"));
      Thread liar = Thread.startVirtualThread(() -> lie(server));
      ByteBuffer answer =
          new Resolver(zone, new Upstreams(server.getLocalPort()))
              .others(query("debian.org", 1), false)
              .orElseThrow();
      liar.join();

      assertThat(answer.getShort(0)).isEqualTo((short) 7);
      assertThat(tail(answer, 4)).isEqualTo("01020304");
    }
  }

  /** First answers with a wrong number, then to a wrong name, then rightly. */
  private static void lie(DatagramSocket server) {
    try {
      DatagramPacket packet = new DatagramPacket(new byte[ROOM], ROOM);
      server.receive(packet);
      ByteBuffer query = ByteBuffer.wrap(packet.getData(), 0, packet.getLength()).slice();
      DnsQuestion right = DnsQuestion.read(query).orElseThrow();
      DnsQuestion number =
          DnsQuestion.read(
                  ByteBuffer.wrap(packet.getData().clone(), 0, packet.getLength())
                      .slice()
                      .putShort(0, (short) (right.id() + 1)))
              .orElseThrow();
      DnsQuestion name =
          DnsQuestion.read(query("evil.org", 1).putShort(0, (short) right.id())).orElseThrow();
      for (DnsQuestion each : List.of(number, name, right)) {
        String address = each == right ? "1.2.3.4" : "6.6.6.6";
        ByteBuffer answer = DnsReply.addresses(each, List.of(ip(address)), ROOM);
        byte[] bytes = new byte[answer.remaining()];
        answer.get(bytes);
        server.send(new DatagramPacket(bytes, bytes.length, packet.getSocketAddress()));
      }
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
