package io.kapsel.engine.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class InitSignalsTest {
  @Test
  void listensToWhatIsBlockedAndToWhatIsHandled() {
    String status =
        "Name:\tinit\nSigBlk:\t0000000000000002\nSigIgn:\tff\nSigCgt:\t0000000000000004\n";

    assertThat(InitSignals.mask(status)).isEqualTo(6);
  }

  @Test
  void asksWhoeverListensToNothingElseToTerminate() {
    int gone = Integer.MAX_VALUE;

    assertThat(InitSignals.halting(gone, Duration.ofSeconds(5))).isEqualTo(15);
  }

  @Test
  void knowsWhatRebootMakesOfAnInit() {
    assertThat(InitSignals.isReboot(1)).isTrue();
    assertThat(InitSignals.isHalt(2)).isTrue();
    assertThat(InitSignals.isReboot(9)).isFalse();
  }
}
