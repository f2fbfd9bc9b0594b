package io.kapsel.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The log as monitors write it. */
class LogReaderTest {
  @TempDir Path directory;
  private int second;

  /** A process that does one thing each time a reader waits for it, and then ends. */
  private static final class Script implements LogReader.Source {
    private final Deque<Runnable> steps = new ArrayDeque<>();

    @Override
    public boolean running() {
      return !steps.isEmpty();
    }

    @Override
    public void await(Duration limit) {
      steps.removeFirst().run();
    }
  }

  private void append(int stream, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    ByteBuffer record = ByteBuffer.allocate(16 + bytes.length).order(ByteOrder.LITTLE_ENDIAN);
    record.putInt(stream).putInt(bytes.length).putLong(++second * 1_000_000_000L).put(bytes);
    try {
      Files.write(
          directory.resolve("log"),
          record.array(),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void rotate() {
    try {
      Files.move(
          directory.resolve("log"),
          directory.resolve("log.1"),
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private String read(LogQuery query, LogReader.Source source) throws InterruptedException {
    StringBuilder all = new StringBuilder();
    try (LogReader reader = new LogReader(directory, query, source)) {
      Optional<LogRecord> record = reader.next();
      while (record.isPresent()) {
        all.append(record.get().error() ? "!" : "").append(new String(record.get().bytes(), UTF_8));
        record = reader.next();
      }
    }
    return all.toString();
  }

  private static LogQuery tail(int lines) {
    return new LogQuery(OptionalInt.of(lines), Optional.empty(), Optional.empty(), false);
  }

  @Test
  void readsBothFilesInOrder() throws InterruptedException {
    append(1, "a\n");
    rotate();
    append(2, "b\n");

    assertThat(read(LogQuery.ALL, new Script())).isEqualTo("a\n!b\n");
  }

  @Test
  void isEmptyWithoutAFile() throws InterruptedException {
    assertThat(read(LogQuery.ALL, new Script())).isEmpty();
    assertThat(read(tail(3), new Script())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"0,''", "1,f", "2,'e\nf'", "3,'d\ne\nf'", "4,'c\nd\ne\nf'", "9,'a\nb\nc\nd\ne\nf'"})
  void keepsTheLastLinesHoweverTheyWereWritten(int lines, String expected)
      throws InterruptedException {
    append(1, "a\nb\n");
    rotate();
    append(1, "c\nd");
    append(1, "\ne\n");
    append(1, "f");

    assertThat(read(tail(lines), new Script())).isEqualTo(expected);
  }

  @Test
  void keepsWhatIsNotTooOldOrTooNew() throws InterruptedException {
    append(1, "a");
    append(1, "b");
    append(1, "c");

    assertThat(
            read(
                new LogQuery(
                    OptionalInt.empty(),
                    Optional.of(Instant.ofEpochSecond(2)),
                    Optional.of(Instant.ofEpochSecond(2)),
                    false),
                new Script()))
        .isEqualTo("b");
  }

  @Test
  void followsOverRotations() throws InterruptedException {
    Script script = new Script();
    append(1, "a");
    script.steps.add(() -> append(1, "b"));
    script.steps.add(() -> {
      append(1, "c");
      rotate();
      append(1, "d, which is longer than all before");
    });
    script.steps.add(() -> {
      rotate();
      append(1, "e");
    });
    script.steps.add(() -> {});

    assertThat(
            read(
                new LogQuery(OptionalInt.empty(), Optional.empty(), Optional.empty(), true),
                script))
        .isEqualTo("abcd, which is longer than all beforee");
  }

  @Test
  void waitsForTheRestOfARecord() throws IOException, InterruptedException {
    append(1, "whole");
    Files.write(directory.resolve("log"), new byte[7], StandardOpenOption.APPEND);

    assertThat(read(LogQuery.ALL, new Script())).isEqualTo("whole");
  }

  @Test
  void saysWhenARecordIsDamaged() throws IOException {
    byte[] garbage = new byte[64];
    java.util.Arrays.fill(garbage, (byte) 0xff);
    Files.write(directory.resolve("log"), garbage);

    assertThatThrownBy(() -> read(LogQuery.ALL, new Script()))
        .hasMessage("cannot read 'the log': a record at 0 is damaged");
  }
}
