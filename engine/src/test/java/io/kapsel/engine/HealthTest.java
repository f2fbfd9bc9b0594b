package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.engine.HealthStatus.State;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What looks make of a container's health. */
class HealthTest {
  private static HealthStatus after(HealthStatus before, boolean young, int... codes) {
    HealthStatus status = before;
    for (int code : codes) {
      HealthStatus.Look look = new HealthStatus.Look(Instant.EPOCH, Instant.EPOCH, code, "");
      status = Health.after(status, look, young, 3);
    }
    return status;
  }

  @Test
  void oneGoodLookMakesItHealthy() {
    HealthStatus status = after(HealthStatus.UNKNOWN, true, 1, 1, 0);

    assertThat(status.state()).isEqualTo(State.HEALTHY);
    assertThat(status.failures()).isZero();
  }

  @Test
  void asManyFailuresInARowAsAllowedMakeItUnhealthy() {
    assertThat(after(HealthStatus.UNKNOWN, false, 1, -1).state()).isEqualTo(State.STARTING);
    HealthStatus status = after(HealthStatus.UNKNOWN, false, 1, 1, 0, 1, 1, 1);

    assertThat(status.state()).isEqualTo(State.UNHEALTHY);
    assertThat(status.failures()).isEqualTo(3);
    assertThat(after(status, false, 0).state()).isEqualTo(State.HEALTHY);
  }

  @Test
  void failuresDoNotCountWhileItIsYoung() {
    HealthStatus status = after(HealthStatus.UNKNOWN, true, 1, 1, 1, 1, 1, 1);

    assertThat(status.state()).isEqualTo(State.STARTING);
    assertThat(status.failures()).isZero();
    assertThat(status.looks()).hasSize(5);
    HealthStatus healthy = after(status, true, 0);
    assertThat(after(healthy, true, 1, 1, 1).state()).isEqualTo(State.UNHEALTHY);
  }
}
