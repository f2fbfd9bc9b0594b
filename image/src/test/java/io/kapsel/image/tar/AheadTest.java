package io.kapsel.image.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Reading ahead changes nothing but the time. */
class AheadTest {
  private static byte[] content(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 >> 3);
    }
    return bytes;
  }

  private static InputStream failing() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        throw new IOException("it broke off");
      }
    };
  }

  @Test
  void allOfItComesThrough() throws IOException {
    byte[] content = content(5_000_001);
    try (Ahead ahead = new Ahead(new ByteArrayInputStream(content))) {
      assertThat(ahead.readAllBytes()).isEqualTo(content);
    }
  }

  @Test
  void aFailureComesThroughBehindAllThatWasReadBefore() throws IOException {
    byte[] content = content(300_000);
    InputStream in = new SequenceInputStream(new ByteArrayInputStream(content), failing());
    try (Ahead ahead = new Ahead(in)) {
      assertThat(ahead.readNBytes(1 << 17)).isEqualTo(Arrays.copyOf(content, 1 << 17));
      assertThatThrownBy(ahead::readAllBytes).hasMessage("it broke off");
      assertThat(ahead.failed()).isTrue();
    }
  }

  @Test
  void whoSkipsTheRestHasReadTheOtherStreamToItsEnd() throws IOException {
    InputStream in = new ByteArrayInputStream(content(3_000_000));
    try (Ahead ahead = new Ahead(in)) {
      ahead.readNBytes(10);
      ahead.skipRest();
      assertThat(in.available()).isZero();
    }
  }

  @Test
  void whoClosesItWaitsUntilNobodyReadsTheOtherStream() throws Exception {
    CountDownLatch reading = new CountDownLatch(1);
    AtomicBoolean done = new AtomicBoolean();
    InputStream in =
        new InputStream() {
          @Override
          public int read() throws IOException {
            reading.countDown();
            try {
              new CountDownLatch(1).await(60, TimeUnit.SECONDS);
            } catch (InterruptedException _) {
              done.set(true);
            }
            throw new java.io.InterruptedIOException("interrupted");
          }
        };
    Ahead ahead = new Ahead(in);
    assertThat(reading.await(20, TimeUnit.SECONDS)).isTrue();
    ahead.close();
    assertThat(done).isTrue();
    assertThat(ahead.failed()).isFalse();
  }
}
