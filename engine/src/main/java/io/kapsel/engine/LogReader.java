package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Reads the log of a container, in order, also while it is written and when it is rotated. */
public final class LogReader implements AutoCloseable {
  private static final int HEADER = 16;
  private static final int LARGEST = 1 << 20;
  private static final int STDERR = 2;
  private static final long NANOS = 1_000_000_000L;
  private static final long PAUSE_MILLIS = 50;

  private final Path directory;
  private final LogQuery query;
  private final BooleanSupplier running;
  private final Deque<LogRecord> ready = new ArrayDeque<>();
  private Optional<FileChannel> file = Optional.empty();
  private boolean positioned;

  LogReader(Path directory, LogQuery query, BooleanSupplier running) {
    this.directory = directory;
    this.query = query;
    this.running = running;
  }

  /** The next piece; empty at the end, which following has only when the container has ended. */
  public Optional<LogRecord> next() throws InterruptedException {
    try {
      if (!positioned) {
        positioned = true;
        begin();
      }
      while (true) {
        boolean more = running.getAsBoolean();
        Optional<LogRecord> record = ready.isEmpty() ? read() : Optional.of(ready.removeFirst());
        if (record.isPresent()) {
          if (wanted(record.get())) {
            return record;
          }
        } else if (!query.follow() || !more) {
          return Optional.empty();
        } else if (!rotated()) {
          Thread.sleep(PAUSE_MILLIS);
        }
      }
    } catch (IOException e) {
      throw new EngineException.Failed("read", "the log", AtomicFile.reason(e), e);
    }
  }

  private boolean wanted(LogRecord record) {
    return query.since().filter(since -> record.time().isBefore(since)).isEmpty()
        && query.until().filter(until -> record.time().isAfter(until)).isEmpty();
  }

  /** Reads what is there, the older file first, and keeps what the tail needs. */
  private void begin() throws IOException {
    List<LogRecord> all = new ArrayList<>();
    for (String name : List.of("log.1", "log")) {
      open(name);
      Optional<LogRecord> record = read();
      while (record.isPresent()) {
        all.add(record.get());
        record = read();
      }
    }
    if (query.tail().isEmpty()) {
      ready.addAll(all);
      return;
    }
    int lines = query.tail().getAsInt();
    Deque<LogRecord> kept = new ArrayDeque<>();
    for (LogRecord record : all.reversed()) {
      if (lines <= 0) {
        break;
      }
      int here = lines(record.bytes(), kept.isEmpty());
      kept.addFirst(here > lines ? cut(record, lines, kept.isEmpty()) : record);
      lines -= here;
    }
    ready.addAll(kept);
  }

  /** A last line without an end counts, too. */
  private static int lines(byte[] bytes, boolean last) {
    int count = 0;
    for (byte each : bytes) {
      count += each == '\n' ? 1 : 0;
    }
    return count + (last && bytes.length > 0 && bytes[bytes.length - 1] != '\n' ? 1 : 0);
  }

  private static LogRecord cut(LogRecord record, int lines, boolean last) {
    byte[] bytes = record.bytes();
    int drop = lines(bytes, last) - lines;
    int at = 0;
    while (drop > 0) {
      drop -= bytes[at] == '\n' ? 1 : 0;
      at++;
    }
    return new LogRecord(
        record.error(), record.time(), java.util.Arrays.copyOfRange(bytes, at, bytes.length));
  }

  private void open(String name) throws IOException {
    close();
    try {
      file = Optional.of(FileChannel.open(directory.resolve(name), StandardOpenOption.READ));
    } catch (NoSuchFileException e) {
      file = Optional.empty();
    }
  }

  /** Goes on in the new file once all of the old one was read. */
  private boolean rotated() throws IOException {
    Path log = directory.resolve("log");
    if (file.isEmpty()) {
      open("log");
      return file.isPresent();
    }
    if (Files.exists(log) && Files.size(log) < file.get().position()) {
      open("log");
      return true;
    }
    return false;
  }

  private Optional<LogRecord> read() throws IOException {
    if (file.isEmpty()) {
      return Optional.empty();
    }
    FileChannel from = file.get();
    long start = from.position();
    ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
    if (!fill(from, header)) {
      from.position(start);
      return Optional.empty();
    }
    int stream = header.get() & 0xff;
    int length = header.getInt(4);
    long nanos = header.getLong(8);
    ByteBuffer bytes = ByteBuffer.allocate(Math.clamp(length, 0, LARGEST));
    if (!fill(from, bytes)) {
      from.position(start);
      return Optional.empty();
    }
    return Optional.of(
        new LogRecord(
            stream == STDERR, Instant.ofEpochSecond(nanos / NANOS, nanos % NANOS), bytes.array()));
  }

  private static boolean fill(FileChannel from, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (from.read(buffer) < 0) {
        return false;
      }
    }
    buffer.flip();
    return true;
  }

  @Override
  public void close() {
    try {
      if (file.isPresent()) {
        file.get().close();
      }
    } catch (IOException e) {
      throw new EngineException.Failed("close", "the log", AtomicFile.reason(e), e);
    }
    file = Optional.empty();
  }
}
