package io.kapsel.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.kapsel.base.AtomicFile;
import io.kapsel.engine.log.LogFiles;
import io.kapsel.engine.log.LogRecord;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reads the log of a container, in order, also while it is written and when it is rotated.
 *
 * <p>A reader keeps its file open over rotations, reads it to the end and goes on in the next one.
 * It keeps one block in memory, and nobody waits for it: one that is slower than the container, for
 * as long as all files of the log take, is told that it has missed something.
 *
 * <p>Not for several threads at once.
 *
 * {@snippet :
 * try (LogReader log = container.log(query)) {
 *   Optional<LogRecord> piece = log.next(); // waits until there is one, or the container ends
 *   while (piece.isPresent()) {
 *     System.out.write(piece.get().bytes());
 *     piece = log.next();
 *   }
 * }
 * }
 */
public final class LogReader implements AutoCloseable {
  private static final Duration SHORT = Duration.ofMillis(2);
  private static final Duration LONG = Duration.ofMillis(50);

  /** The process whose output it is. */
  interface Source {
    /** Whether more may come. */
    boolean running();

    /** Waits a while, or until nothing more comes. */
    void await(Duration limit) throws InterruptedException;
  }

  private final LogFiles files;
  private final LogQuery query;
  private final Source source;
  private final Map<String, String> details;
  private Optional<LogFiles.Opened> file = Optional.empty();

  /** The file that was written when reading began: without following, it is the last one. */
  private Optional<Long> newest = Optional.empty();

  private boolean begun;
  private boolean ended;

  LogReader(LogFiles files, LogQuery query, Source source, Map<String, String> details) {
    this.details = details;
    this.files = files;
    this.query = query;
    this.source = source;
  }

  /** What each line says besides: the labels and variables that the log was to have. */
  public Map<String, String> details() {
    return details;
  }

  /** The next piece; empty at the end, which following has only when the container has ended. */
  public Optional<LogRecord> next() throws InterruptedException {
    try {
      begin();
      Duration pause = SHORT;
      while (!ended) {
        boolean more = source.running();
        Optional<LogRecord> record = readOn();
        if (record.isEmpty()) {
          if (!query.follow() || !more) {
            return Optional.empty();
          }
          source.await(pause);
          pause = pause.multipliedBy(2).compareTo(LONG) < 0 ? pause.multipliedBy(2) : LONG;
        } else if (isLate(record.get())) {
          ended = true;
        } else if (!isEarly(record.get())) {
          return record;
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new EngineException.Failed("read", "the log", AtomicFile.reason(e), e);
    }
  }

  private boolean isEarly(LogRecord record) {
    return query.since().filter(since -> record.time().isBefore(since)).isPresent();
  }

  private boolean isLate(LogRecord record) {
    return query.until().filter(until -> record.time().isAfter(until)).isPresent();
  }

  /** Looks from the newest file back for where to begin. */
  private void begin() throws IOException {
    if (begun) {
      return;
    }
    begun = true;
    long lines = query.tail().orElse(0);
    OptionalInt oldest = files.oldest();
    for (int age = 0; oldest.isPresent() && age <= oldest.getAsInt(); age++) {
      Optional<LogFiles.Opened> older = files.open(age);
      if (older.isEmpty()) {
        continue;
      }
      close();
      file = older;
      newest = newest.or(() -> Optional.of(older.get().inode()));
      if (query.tail().isPresent()) {
        lines -= older.get().file().tail(lines, age == 0);
        if (lines <= 0) {
          return;
        }
      } else if (query.since().isPresent() && isBefore(older.get(), query.since().get())) {
        older.get().file().begin(query.since().get());
        return;
      }
    }
  }

  private static boolean isBefore(LogFiles.Opened file, Instant since) throws IOException {
    return file.file().first().filter(first -> first.isBefore(since)).isPresent();
  }

  /** The next record of this file, or of the one that comes after it. */
  private Optional<LogRecord> readOn() throws IOException {
    if (file.isEmpty()) {
      OptionalInt oldest = files.oldest();
      file = oldest.isPresent() ? files.open(oldest.getAsInt()) : Optional.empty();
      if (file.isEmpty()) {
        return Optional.empty();
      }
    }
    while (true) {
      Optional<LogRecord> record = file.get().file().next();
      if (record.isPresent()) {
        return record;
      }
      if (!query.follow() && newest.isPresent() && files.isSame(file.get(), newest.get())) {
        return Optional.empty(); // else whoever prints fast enough would be read for ever
      }
      Optional<LogFiles.Next> newer = files.after(file.get().inode());
      if (newer.isEmpty()) {
        return Optional.empty();
      }
      record = file.get().file().next(); // what was written between our last look and the rotation
      if (record.isPresent()) {
        newer.get().opened().close();
        return record;
      }
      close();
      file = Optional.of(newer.get().opened());
      if (newer.get().lost()) {
        newest = Optional.of(newer.get().opened().inode()); // nothing is left of what there was
        return Optional.of(missed());
      }
    }
  }

  private static LogRecord missed() {
    return new LogRecord(
        true,
        Instant.now(),
        "kapsel: output is missing here: it was rotated away before it was read\n".getBytes(UTF_8));
  }

  @Override
  public void close() {
    try {
      if (file.isPresent()) {
        file.get().close();
      }
      file = Optional.empty();
    } catch (IOException e) {
      throw new EngineException.Failed("close", "the log", AtomicFile.reason(e), e);
    }
  }
}
