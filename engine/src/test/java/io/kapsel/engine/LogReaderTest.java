package io.kapsel.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.engine.log.LogFiles;
import io.kapsel.engine.log.LogRecord;
import io.kapsel.engine.log.RecordFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The log as monitors write it. */
class LogReaderTest {
  @TempDir Path directory;
  private static final int BLOCK = WrittenLog.BLOCK;
  private WrittenLog log;

  @BeforeEach
  void begin() {
    log = new WrittenLog(directory, 5);
  }

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
    log.append(stream, text);
  }

  private void rotate() {
    log.rotate();
  }

  private LogReader reader(LogQuery query, LogReader.Source source) {
    return new LogReader(
        new LogFiles(directory, "log", 5, RecordFile::new), query, source, Map.of());
  }

  private String read(LogQuery query, LogReader.Source source) throws InterruptedException {
    try (LogReader reader = reader(query, source)) {
      return all(reader);
    }
  }

  private static String all(LogReader reader) throws InterruptedException {
    StringBuilder all = new StringBuilder();
    Optional<LogRecord> record = reader.next();
    while (record.isPresent()) {
      all.append(record.get().error() ? "!" : "").append(new String(record.get().bytes(), UTF_8));
      record = reader.next();
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

  /** Whatever lies before is damaged, so whoever read it would say so. */
  private void appendMuchWithADamagedBegin() throws IOException {
    for (int i = 0; i < 40; i++) {
      append(1, (i + "x".repeat(50_000) + "\n"));
    }
    try (FileChannel log = FileChannel.open(directory.resolve("log"), StandardOpenOption.WRITE)) {
      for (int block = 0; block < 4; block++) {
        byte[] garbage = new byte[32];
        java.util.Arrays.fill(garbage, (byte) 0xff);
        log.write(ByteBuffer.wrap(garbage), (long) block * BLOCK + 40_000);
        log.write(ByteBuffer.wrap(garbage), (long) block * BLOCK + 32 + 16 + 50_000);
      }
    }
  }

  @Test
  void theIndexLeadsToATimeWithoutReadingWhatIsBefore() throws Exception {
    appendMuchWithADamagedBegin();
    LogQuery since =
        new LogQuery(
            OptionalInt.empty(), Optional.of(Instant.ofEpochSecond(39)), Optional.empty(), false);

    assertThat(read(since, new Script())).matches("38x+\n39x+\n");
    assertThat(read(tail(2), new Script())).matches("38x+\n39x+\n");
    assertThatThrownBy(() -> read(LogQuery.ALL, new Script())).hasMessageContaining("damaged");
  }

  @Test
  void whoDoesNotFollowReadsNoFurtherThanWhatThereWas() throws InterruptedException {
    append(1, "old");
    rotate();
    append(1, "new");
    try (LogReader reader = reader(LogQuery.ALL, new Script())) {
      assertThat(reader.next()).isPresent();
      rotate();
      append(1, "later");

      assertThat(all(reader)).isEqualTo("new");
    }
  }

  @Test
  void aReaderThatIsOvertakenIsTold() throws InterruptedException {
    append(1, "first");
    try (LogReader reader =
        reader(
            new LogQuery(OptionalInt.empty(), Optional.empty(), Optional.empty(), true),
            new Script())) {
      assertThat(reader.next()).isPresent();
      for (int i = 0; i < 7; i++) {
        rotate();
        append(1, "r" + i);
      }

      assertThat(all(reader))
          .isEqualTo(
              "!kapsel: output is missing here: it was rotated away before it was read\n"
                  + "r2r3r4r5r6");
    }
  }

  @Test
  void theLastLinesStandInSeveralFiles() throws InterruptedException {
    for (int i = 0; i < 8; i++) {
      append(1, "l" + i + "\n");
      rotate();
    }

    assertThat(read(tail(3), new Script())).isEqualTo("l5\nl6\nl7\n");
    assertThat(read(LogQuery.ALL, new Script())).isEqualTo("l4\nl5\nl6\nl7\n");
  }

  @Test
  void saysWhenARecordIsDamaged() throws IOException {
    byte[] garbage = new byte[64];
    java.util.Arrays.fill(garbage, (byte) 0xff);
    Files.write(directory.resolve("log"), garbage);

    assertThatThrownBy(() -> read(LogQuery.ALL, new Script()))
        .hasMessage("cannot read 'the log': it is not a log of this version");
  }
}
