package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.engine.spec.RestartPolicy;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a container is started again, and how much later. */
class RestartingTest {
  private static ExitStatus exit(int code) {
    return new ExitStatus(code, 0, false, Instant.EPOCH);
  }

  @ParameterizedTest
  @CsvSource({
    "no,             1, 0, false, false",
    "always,         0, 9, false, true",
    "always,         0, 0, true,  false",
    "unless-stopped, 0, 0, false, true",
    "unless-stopped, 1, 0, true,  false",
    "on-failure,     0, 0, false, false",
    "on-failure,     1, 9, false, true",
    "on-failure:3,   1, 2, false, true",
    "on-failure:3,   1, 3, false, false",
    "on-failure,     137, 0, true, false",
  })
  void aPolicyDecidesByTheExitCodeAndTheUser(
      String policy, int code, int count, boolean stopped, boolean again) {
    assertThat(
            Restarting.wanted(
                RestartPolicy.parse(policy),
                exit(code),
                new StoredContainer.Restarts(count, stopped)))
        .isEqualTo(again);
  }

  @ParameterizedTest
  @CsvSource({
    "no,             false, true,  false",
    "on-failure,     false, true,  false",
    "always,         false, false, true",
    "always,         true,  false, false",
    "always,         true,  true,  true",
    "unless-stopped, false, true,  true",
    "unless-stopped, true,  true,  false",
  })
  void anEngineThatBeginsStartsWhatShouldRun(
      String policy, boolean stopped, boolean rebooted, boolean starts) {
    assertThat(Restarting.wantedByEngine(RestartPolicy.parse(policy), stopped, rebooted))
        .isEqualTo(starts);
  }

  @Test
  void eachPauseIsTwiceAsLongUpToAMinute() {
    Duration pause = Duration.ZERO;
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      pause = Restarting.next(pause, Duration.ofSeconds(1));
      all.append(pause.toMillis()).append(' ');
    }

    assertThat(all.toString())
        .isEqualTo("100 200 400 800 1600 3200 6400 12800 25600 51200 60000 60000 ");
    assertThat(Restarting.next(pause, Duration.ofSeconds(10))).isEqualTo(Duration.ofMillis(100));
  }

  @Test
  void aStartThatWasGivenUpDoesNotCome() {
    Restarting restarting = new Restarting();

    assertThat(restarting.cancel()).isFalse();
    assertThat(restarting.begin()).isFalse();
  }
}
