package io.kapsel.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Go's notation of durations. */
class GoDurationTest {
  @ParameterizedTest
  @CsvSource({
    "10s, PT10S, 10s", "1h30m, PT1H30M, 1h30m0s", "1.5s, PT1.5S, 1.5s", "300ms, PT0.3S, 300ms",
    "0, PT0S, 0s", "-2m, PT-2M, -2m0s", "1500us, PT0.0015S, 1.5ms", ".5h, PT30M, 30m0s"
  })
  void readsAndWrites(String text, Duration duration, String printed) {
    assertThat(GoDuration.parse(text)).isEqualTo(duration);
    assertThat(GoDuration.print(duration)).isEqualTo(printed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10", "s", "1d", "1s ", "999999999h"})
  void refusesTheRest(String text) {
    assertThatThrownBy(() -> GoDuration.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
