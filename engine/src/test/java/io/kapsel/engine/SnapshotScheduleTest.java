package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

/** When a snapshot is due. */
class SnapshotScheduleTest {
  private static final Instant LAST = Instant.parse("2026-01-01T00:00:00Z");

  @Test
  void isDueWhenTheTimeHasPassed() {
    assertThat(SnapshotSchedule.isDue(LAST, 60, LAST.plusSeconds(59))).isFalse();
    assertThat(SnapshotSchedule.isDue(LAST, 60, LAST.plusSeconds(60))).isTrue();
    assertThat(SnapshotSchedule.isDue(LAST, 60, LAST.minusSeconds(3600))).isFalse();
  }
}
