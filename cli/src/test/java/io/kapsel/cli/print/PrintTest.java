package io.kapsel.cli.print;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.cli.flag.Flag;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tables, spans of time and flags as users see them. */
class PrintTest {
  @Test
  void columnsAreAsWideAsTheirWidestCell() {
    Table table = new Table("NAME", "STATUS", "IMAGE");
    table.row("a-long-name", "Up", "host:");
    table.row("b", "Exited (0) 3 seconds ago", "");

    assertThat(table.text())
        .isEqualTo(
            """
            NAME          STATUS                     IMAGE
            a-long-name   Up                         host:
            b             Exited (0) 3 seconds ago
            """);
  }

  @ParameterizedTest
  @CsvSource({
    "PT-5S,Less than a second",
    "PT0.9S,Less than a second",
    "PT1S,1 second",
    "PT59S,59 seconds",
    "PT1M,About a minute",
    "PT119S,About a minute",
    "PT2M,2 minutes",
    "PT59M,59 minutes",
    "PT1H,About an hour",
    "PT89M,About an hour",
    "PT90M,2 hours",
    "PT47H,47 hours",
    "P2D,2 days",
    "P13D,13 days",
    "P14D,2 weeks",
    "P59D,8 weeks",
    "P60D,2 months",
    "P729D,24 months",
    "P730D,2 years"
  })
  void spansAreInTheWordsOfPs(Duration span, String words) {
    assertThat(HumanTime.span(span)).isEqualTo(words);
  }

  @Test
  void thePastIsAgo() {
    Instant now = Instant.parse("2026-01-01T00:05:00Z");

    assertThat(HumanTime.ago(Instant.parse("2026-01-01T00:02:00Z"), now))
        .isEqualTo("3 minutes ago");
  }

  @Test
  void flagsLineUpAndWrap() {
    String text =
        FlagHelp.text(
            List.of(
                Flag.text('e', "env", "list", "Set an environment variable"),
                Flag.toggle(
                    "rm",
                    "Remove the container when its process has ended, with all that it has written"),
                Flag.text("security-opt", "list", "first line\nsecond line")));

    assertThat(text)
        .isEqualTo(
            """
              -e, --env list            Set an environment variable
                  --rm                  Remove the container when its process has ended,
                                        with all that it has written
                  --security-opt list   first line
                                        second line
            """);
  }
}
