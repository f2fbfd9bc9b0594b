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
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;

/**
 * Reads the log of a container, in order, also while it is written and when it is rotated.
 *
 * <p>The monitor appends to {@code log} and renames it to {@code log.1} when it is full. A reader
 * keeps its file open over that, reads it to the end and goes on in the new one; it misses nothing
 * unless two rotations happen while it does not look.
 */
public final class LogReader implements AutoCloseable {
  private static final int HEADER = 16;
  private static final int LARGEST = 1 << 20;
  private static final int STDERR = 2;
  private static final long NANOS = 1_000_000_000L;
  private static final Duration PAUSE = Duration.ofMillis(50);

  /** The process whose output it is. */
  interface Source {
    /** Whether more may come. */
    boolean running();

    /** Waits a while, or until nothing more comes. */
    void await(Duration limit) throws InterruptedException;
  }

  private record Opened(FileChannel channel, Object key) {}

  private final Path directory;
  private final LogQuery query;
  private final Source source;
  private final Deque<LogRecord> ready = new ArrayDeque<>();
  private Optional<Opened> file = Optional.empty();
  private boolean begun;

  LogReader(Path directory, LogQuery query, Source source) {
    this.directory = directory;
    this.query = query;
    this.source = source;
  }

  /** The next piece; empty at the end, which following has only when the container has ended. */
  public Optional<LogRecord> next() throws InterruptedException {
    try {
      begin();
      while (true) {
        boolean more = source.running();
        Optional<LogRecord> record = ready.isEmpty() ? readOn() : Optional.of(ready.removeFirst());
        if (record.isPresent() && wanted(record.get())) {
          return record;
        }
        if (record.isEmpty()) {
          if (!query.follow() || !more) {
            return Optional.empty();
          }
          source.await(PAUSE);
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

  /** Opens the older file first; for a tail it reads all there is and keeps the end. */
  private void begin() throws IOException {
    if (begun) {
      return;
    }
    begun = true;
    file = open("log.1");
    if (file.isEmpty()) {
      file = open("log");
    }
    if (query.tail().isPresent()) {
      keepTail(query.tail().getAsInt());
    }
  }

  private void keepTail(int wanted) throws IOException {
    int lines = 0;
    Optional<LogRecord> record = readOn();
    while (record.isPresent()) {
      if (wanted(record.get())) {
        lines += ends(record.get().bytes());
        ready.addLast(record.get());
        while (ready.size() > 1 && lines - ends(ready.getFirst().bytes()) > wanted) {
          lines -= ends(ready.removeFirst().bytes());
        }
      }
      record = readOn();
    }
    if (wanted == 0) {
      ready.clear();
    } else if (!ready.isEmpty()) {
      trim(lines + (endsOpen(ready.getLast().bytes()) ? 1 : 0) - wanted);
    }
  }

  /** Drops that many lines from the front. */
  private void trim(int drop) {
    int left = drop;
    while (left > 0 && !ready.isEmpty()) {
      LogRecord first = ready.removeFirst();
      int ends = ends(first.bytes());
      if (ends < left) {
        left -= ends;
      } else {
        byte[] rest = after(first.bytes(), left);
        left = 0;
        if (rest.length > 0) {
          ready.addFirst(new LogRecord(first.error(), first.time(), rest));
        }
      }
    }
  }

  private static int ends(byte[] bytes) {
    int count = 0;
    for (byte each : bytes) {
      count += each == '\n' ? 1 : 0;
    }
    return count;
  }

  /** A last line without an end counts, too. */
  private static boolean endsOpen(byte[] bytes) {
    return bytes.length > 0 && bytes[bytes.length - 1] != '\n';
  }

  private static byte[] after(byte[] bytes, int lines) {
    int at = 0;
    for (int left = lines; left > 0; at++) {
      left -= bytes[at] == '\n' ? 1 : 0;
    }
    return Arrays.copyOfRange(bytes, at, bytes.length);
  }

  /** The next record of this file, or of the one that has taken its name since. */
  private Optional<LogRecord> readOn() throws IOException {
    Optional<LogRecord> record = read();
    if (record.isPresent()) {
      return record;
    }
    Optional<Opened> newer = open("log");
    if (newer.isEmpty() || isSame(newer.get())) {
      close(newer);
      return Optional.empty();
    }
    record = read(); // what was written between our last look and the rotation
    if (record.isPresent()) {
      close(newer);
      return record;
    }
    close();
    file = newer;
    return read();
  }

  private boolean isSame(Opened other) {
    return file.isPresent() && file.get().key().equals(other.key());
  }

  private Optional<Opened> open(String name) throws IOException {
    try {
      Path path = directory.resolve(name);
      Object before = key(path);
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      while (!key(path).equals(before)) { // renamed meanwhile: which one was opened?
        channel.close();
        before = key(path);
        channel = FileChannel.open(path, StandardOpenOption.READ);
      }
      return Optional.of(new Opened(channel, before));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private static Object key(Path path) throws IOException {
    Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    return key == null ? path : key;
  }

  private Optional<LogRecord> read() throws IOException {
    if (file.isEmpty()) {
      return Optional.empty();
    }
    FileChannel from = file.get().channel();
    long start = from.position();
    ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
    if (!fill(from, header)) {
      from.position(start);
      return Optional.empty();
    }
    int length = header.getInt(4);
    if (length < 0 || length > LARGEST) {
      throw new IOException("a record at " + start + " is damaged");
    }
    ByteBuffer bytes = ByteBuffer.allocate(length);
    if (!fill(from, bytes)) {
      from.position(start);
      return Optional.empty();
    }
    long nanos = header.getLong(8);
    return Optional.of(
        new LogRecord(
            header.get(0) == STDERR,
            Instant.ofEpochSecond(nanos / NANOS, nanos % NANOS),
            bytes.array()));
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
    close(file);
    file = Optional.empty();
  }

  private static void close(Optional<Opened> opened) {
    try {
      if (opened.isPresent()) {
        opened.get().channel().close();
      }
    } catch (IOException e) {
      throw new EngineException.Failed("close", "the log", AtomicFile.reason(e), e);
    }
  }
}
