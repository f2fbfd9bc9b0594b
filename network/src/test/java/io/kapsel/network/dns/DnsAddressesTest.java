package io.kapsel.network.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The addresses in answers of others, who may send anything. */
class DnsAddressesTest {
  private static ByteBuffer answer(int records, byte[]... parts) {
    ByteBuffer query = ResolverTest.query("www.example", DnsQuestion.ADDRESS);
    ByteBuffer all = ByteBuffer.allocate(512).put(query);
    for (byte[] each : parts) {
      all.put(each);
    }
    return all.putShort(6, (short) records).flip();
  }

  private static byte[] record(int type, int seconds, byte... data) {
    return ByteBuffer.allocate(12 + data.length)
        .putShort((short) 0xc00c)
        .putShort((short) type)
        .putShort((short) 1)
        .putInt(seconds)
        .putShort((short) data.length)
        .put(data)
        .array();
  }

  @Test
  void addressesBehindAnotherNameAreFound() throws Exception {
    ByteBuffer answer =
        answer(
            3,
            record(5, 60, (byte) 0xc0, (byte) 12),
            record(1, 60, new byte[] {10, 1, 2, 3}),
            record(28, -1, new byte[16]));

    assertThat(DnsAddresses.read(answer))
        .containsExactly(
            new DnsAddresses.Told(InetAddress.getByName("10.1.2.3"), Duration.ofSeconds(60)),
            new DnsAddresses.Told(InetAddress.getByName("::"), Duration.ZERO));
  }

  @Test
  void whatIsDamagedEndsTheList() {
    byte[] good = record(1, 60, new byte[] {10, 1, 2, 3});
    byte[] cut = record(1, 60, new byte[] {10, 1, 2, 4});
    cut[11] = 100;

    assertThat(DnsAddresses.read(answer(2, good, cut))).hasSize(1);
    assertThat(DnsAddresses.read(answer(65535, good))).hasSize(1);
    assertThat(DnsAddresses.read(answer(1, record(1, 60, new byte[3])))).isEmpty();
    assertThat(DnsAddresses.read(ByteBuffer.wrap(new byte[] {1, 2, 3}))).isEmpty();
    ByteBuffer endless = answer(1, good);
    endless.putShort(4, (short) 0xffff);
    assertThat(DnsAddresses.read(endless)).isEmpty();
  }
}
