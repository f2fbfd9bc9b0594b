package io.kapsel.cli.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class StderrLoggerTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final StderrLogger logger =
      new StderrLogger(
          "io.kapsel.engine.Kapsel",
          () -> Level.INFO,
          new PrintStream(out, true, StandardCharsets.UTF_8));

  @Test
  void aRecordIsOneLine() {
    Instant time = Instant.parse("2026-01-31T12:00:00.123456Z");

    assertThat(logger.line(time, Level.INFO, "ready containers=3", null))
        .isEqualTo("2026-01-31T12:00:00.123Z INFO engine.Kapsel: ready containers=3\n");
  }

  @Test
  void anErrorBringsItsTraceAndCauses() {
    Exception error = new IllegalStateException("above", new IllegalArgumentException("below"));

    assertThat(logger.line(Instant.EPOCH, Level.ERROR, "failed", error))
        .contains("java.lang.IllegalStateException: above\n\tat ")
        .contains("caused by java.lang.IllegalArgumentException: below\n\tat ");
  }

  @Test
  void valuesAreFilledInAndBracesWithoutValuesStay() {
    logger.log(Level.INFO, "a={0} b={1}", "x", 7);
    logger.log(Level.INFO, "{plain}");
    logger.log(Level.DEBUG, "not shown");

    assertThat(out.toString(StandardCharsets.UTF_8).lines())
        .satisfiesExactly(
            first -> assertThat(first).endsWith("a=x b=7"),
            second -> assertThat(second).endsWith("{plain}"));
  }

  @Test
  void anUnknownLevelIsTheUsualOne() {
    assertThat(StderrLoggers.level("debug")).isEqualTo(Level.DEBUG);
    assertThat(StderrLoggers.level("loud")).isEqualTo(Level.INFO);
  }
}
