package io.kapsel.engine.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Docker's lines of JSON. */
class LineFileTest {
  @TempDir Path directory;

  private LineFile file(String text) throws IOException {
    Path path = directory.resolve("json.log");
    Files.writeString(path, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    return new LineFile(FileChannel.open(path, StandardOpenOption.READ));
  }

  private static String rest(LogFile file) throws IOException {
    StringBuilder all = new StringBuilder();
    for (Optional<LogRecord> it = file.next(); it.isPresent(); it = file.next()) {
      all.append(it.get().error() ? "!" : "").append(new String(it.get().bytes(), UTF_8));
    }
    return all.toString();
  }

  private static String line(int second) {
    return "{\"log\":\"%d %s\\n\",\"stream\":\"stdout\",\"time\":\"%s\"}\n"
        .formatted(second, "x".repeat(500), Instant.ofEpochSecond(second));
  }

  @Test
  void readsWhatDockerWrites() throws IOException {
    LineFile file =
        file(
            "{\"log\":\"\\u003ca\\u003e\\t\\\"\\\\ \\u00e9\\n\",\"stream\":\"stderr\",\"attrs\":{\"a\":\"b\"},"
                + "\"time\":\"2026-11-27T15:06:27.883063596Z\"}\n"
                + "what others wrote into it\n"
                + "{\"log\":\"\\uwxyz\",\"stream\":\"stdout\",\"time\":\"2026-11-27T15:06:28Z\"}\n"
                + "{\"log\":\"last\",\"stream\":\"stdout\",\"time\":\"2026-11-27T15:06:28Z\"}\n");

    LogRecord first = file.next().orElseThrow();
    assertThat(new String(first.bytes(), UTF_8)).isEqualTo("<a>\t\"\\ \u00e9\n");
    assertThat(first.error()).isTrue();
    assertThat(first.time()).isEqualTo(Instant.parse("2026-11-27T15:06:27.883063596Z"));
    assertThat(rest(file)).isEqualTo("last");
    assertThat(file.first()).contains(first.time());
    file.close();
  }

  @Test
  void aTimeIsFoundByHalves() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 2000; i++) {
      text.append(i < 900 ? "damaged " + "y".repeat(500) + "\n" : line(i));
    }
    LineFile file = file(text.toString());
    file.begin(Instant.ofEpochSecond(1990));

    assertThat(rest(file).lines().count()).isBetween(10L, 250L);
    assertThat(file.tail(3, true)).isEqualTo(3);
    assertThat(rest(file).lines().map(line -> line.split(" ")[0]))
        .containsExactly("1997", "1998", "1999");
    file.close();
  }

  @Test
  void waitsForTheEndOfALine() throws IOException {
    LineFile file = file(line(1) + line(2).substring(0, 30));

    assertThat(rest(file).lines()).hasSize(1);
    try (LineFile same = file(line(2).substring(30))) {
      assertThat(rest(same).lines()).hasSize(2);
    }
    assertThat(rest(file).lines()).hasSize(1);
    file.close();
  }

  @Test
  void noLastLinesAreNone() throws IOException {
    LineFile file = file(line(1) + line(2));

    assertThat(file.tail(0, true)).isZero();
    assertThat(rest(file)).isEmpty();
    file.close();
  }
}
