package io.kapsel.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What policies have refused, for those who follow it. */
class RefusalsTest {
  private final Refusals refusals = new Refusals();

  @Test
  void whoWaitsIsToldEachOnce() throws InterruptedException {
    Refusals.Later none = refusals.after(0, Duration.ZERO);
    Thread.ofVirtual().start(() -> refusals.add(refusal(1)));

    Refusals.Later first = refusals.after(none.seen(), Duration.ofMinutes(1));
    Refusals.Later second = refusals.after(first.seen(), Duration.ZERO);

    assertThat(first.refusals()).extracting(Refusal::port).containsExactly(1);
    assertThat(second.refusals()).isEmpty();
  }

  @Test
  void whoComesLateGetsTheLatest() throws InterruptedException {
    for (int port = 0; port < 5000; port++) {
      refusals.add(refusal(port));
    }

    Refusals.Later later = refusals.after(0, Duration.ZERO);

    assertThat(later.seen()).isEqualTo(5000);
    assertThat(later.refusals()).hasSize(4096).last().extracting(Refusal::port).isEqualTo(4999);
  }

  private static Refusal refusal(int port) {
    return new Refusal(
        Instant.EPOCH, "id", "web", Optional.empty(), "tcp", Optional.of("192.0.2.1"), port, "");
  }
}
