package io.kapsel.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.engine.log.LogFiles;
import io.kapsel.engine.log.LogPacker;
import io.kapsel.engine.log.LogRecord;
import io.kapsel.engine.log.RecordFile;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logs whose rotated files are packed while others read them. */
class LogPackerTest {
  private static final int FILES = 40;
  private static final Duration AT_ONCE = Duration.ofSeconds(-5);

  @TempDir Path directory;
  private WrittenLog log;

  @BeforeEach
  void begin() {
    log = new WrittenLog(directory, FILES);
  }

  private LogFiles files() {
    return new LogFiles(directory, "log", FILES, RecordFile::new);
  }

  private void pack() {
    try {
      new LogPacker(directory, files(), FILES, AT_ONCE).run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As a crash leaves it that comes after the packed file has its name, and before the end. */
  private void packAndDie(int age) throws IOException {
    Path plain = directory.resolve("log." + age);
    if (Files.exists(plain)) {
      Path kept = Files.createLink(directory.resolve("kept"), plain);
      pack();
      Files.move(kept, plain);
      Files.write(directory.resolve("log.part"), new byte[100]);
    }
  }

  /** One for which nobody waits. */
  private static final class Ended implements LogReader.Source {
    @Override
    public boolean running() {
      return false;
    }

    @Override
    public void await(Duration limit) {
      throw new AssertionError("nobody is to wait");
    }
  }

  private LogReader reader(LogQuery query) {
    return new LogReader(files(), query, new Ended(), Map.of());
  }

  private static LogQuery following(int lines) {
    return new LogQuery(OptionalInt.of(lines), Optional.empty(), Optional.empty(), true);
  }

  private String read(LogQuery query) throws InterruptedException {
    try (LogReader reader = reader(query)) {
      return all(reader);
    }
  }

  private static String all(LogReader reader) throws InterruptedException {
    StringBuilder all = new StringBuilder();
    for (Optional<LogRecord> each = reader.next(); each.isPresent(); each = reader.next()) {
      all.append(new String(each.get().bytes(), UTF_8));
    }
    return all.toString();
  }

  @Test
  void whatIsPackedIsReadAsBefore() throws Exception {
    for (int i = 0; i < 60; i++) {
      log.append(1, i + "x".repeat(50_000) + "\n");
    }
    log.rotate();
    log.append(1, "last\n");
    String before = read(LogQuery.ALL);
    byte[] plain = Files.readAllBytes(directory.resolve("log.1"));
    pack();

    assertThat(directory.resolve("log.1")).doesNotExist();
    assertThat(directory.resolve("log.1.gz")).isNotEmptyFile();
    assertThat(Files.size(directory.resolve("log.1.gz"))).isLessThan(plain.length / 20);
    assertThat(unpacked(directory.resolve("log.1.gz"))).isEqualTo(plain);
    assertThat(read(LogQuery.ALL)).isEqualTo(before);
    assertThat(read(new LogQuery(OptionalInt.of(3), Optional.empty(), Optional.empty(), false)))
        .matches("58x+\n59x+\nlast\n");
    assertThat(
            read(
                new LogQuery(
                    OptionalInt.empty(),
                    Optional.of(Instant.ofEpochSecond(60)),
                    Optional.of(Instant.ofEpochSecond(60)),
                    false)))
        .matches("59x+\n");
  }

  private static byte[] unpacked(Path file) throws IOException {
    try (GZIPInputStream in =
        new GZIPInputStream(new ByteArrayInputStream(Files.readAllBytes(file)))) {
      return in.readAllBytes();
    }
  }

  @Test
  void whatIsRotatedAgainSoonIsLeftAsItIs() throws IOException {
    log.append(1, "a\n");
    log.rotate();
    new LogPacker(directory, files(), FILES, Duration.ofMinutes(1)).run();

    assertThat(directory.resolve("log.1")).exists();
    assertThat(directory.resolve("log.1.gz")).doesNotExist();
  }

  @Test
  void namesAreHeldByTheLockThatMonitorsTake() throws IOException {
    log.append(1, "a\n");
    log.rotate();
    try (Fd monitor = Open.path(directory.toString(), OpenFlags.READ | OpenFlags.DIRECTORY)) {
      assertThat(Content.tryLock(monitor)).isTrue();
      pack();
      assertThat(directory.resolve("log.1")).exists();
      assertThat(directory.resolve("log.1.gz")).doesNotExist();
      assertThat(directory.resolve("log.part")).doesNotExist();
    }
    pack();
    assertThat(directory.resolve("log.1.gz")).exists();
  }

  /** All that happens to a log, in any order; each follower gets each line once. */
  @Test
  void followersLoseNothingAndRepeatNothing() throws Exception {
    for (int seed = 0; seed < 40; seed++) {
      follow(new SplittableRandom(seed), "seed " + seed);
      for (String each : directory.toFile().list()) {
        Files.delete(directory.resolve(each));
      }
    }
  }

  private record Follower(LogReader reader, StringBuilder expected, StringBuilder got) {
    void readSome(int count) throws InterruptedException {
      for (int i = 0; i < count; i++) {
        reader.next().ifPresent(it -> got.append(new String(it.bytes(), UTF_8)));
      }
    }
  }

  private void follow(SplittableRandom random, String which) throws Exception {
    List<Follower> followers = new ArrayList<>();
    int line = 0;
    for (int step = 0; step < 150; step++) {
      switch (random.nextInt(8)) {
        case 0 -> {
          if (Files.exists(directory.resolve("log"))) {
            log.rotate();
          }
        }
        case 1 -> pack();
        case 2 -> packAndDie(1 + random.nextInt(3));
        case 3 -> {
          Follower follower =
              new Follower(reader(following(0)), new StringBuilder(), new StringBuilder());
          follower.readSome(1);
          followers.add(follower);
        }
        case 4, 5 -> {
          String text = "line-" + line++ + "\n";
          log.append(1, text);
          followers.forEach(it -> it.expected().append(text));
        }
        default -> {
          for (Follower each : followers) {
            each.readSome(random.nextInt(3));
          }
        }
      }
    }
    for (Follower each : followers) {
      each.got().append(all(each.reader()));
      assertThat(each.got()).as(which).hasToString(each.expected().toString());
      each.reader().close();
    }
  }
}
