package io.kapsel.engine.log;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.time.Instant;
import java.util.Optional;

/** A file of the driver {@code json-file}: a line of JSON for each line of output, as Docker's. */
public final class LineFile implements LogFile {
  private static final int WINDOW = 256 << 10;
  private static final int NEAR = 64 << 10;

  private final Bytes bytes;
  private long position;

  /** Takes over an open file. */
  public LineFile(SeekableByteChannel file) {
    this.bytes = new Bytes(file, WINDOW);
  }

  @Override
  public Optional<LogRecord> next() throws IOException {
    while (true) {
      long end = lineEnd(position);
      if (end < 0) {
        return Optional.empty();
      }
      Optional<LogRecord> record = JsonLine.parse(bytes.copy(position, (int) (end - position)));
      position = end + 1;
      if (record.isPresent()) {
        return record;
      }
    }
  }

  /** Where the line ends that begins there; -1: not yet. */
  private long lineEnd(long from) throws IOException {
    long at = scan(from, from);
    if (at >= 0) {
      return at;
    }
    boolean _ = bytes.has(from, WINDOW); // looks again, from there on
    at = scan(from, from);
    if (at < 0 && bytes.known(from) == WINDOW) {
      throw new IOException("the line at " + from + " is too long");
    }
    return at;
  }

  private long scan(long from, long start) {
    long end = start + bytes.known(start);
    for (long at = from; at < end; at++) {
      if (bytes.at(at) == '\n') {
        return at;
      }
    }
    return -1;
  }

  @Override
  public Optional<Instant> first() throws IOException {
    long before = position;
    position = 0;
    Optional<Instant> time = next().map(LogRecord::time);
    position = before;
    return time;
  }

  /** By halves: lines can be found from any place. */
  @Override
  public void begin(Instant since) throws IOException {
    long low = 0;
    long high = bytes.size();
    while (high - low > NEAR) {
      long middle = low + (high - low) / 2;
      long line = lineEnd(middle) + 1;
      position = line;
      Optional<LogRecord> record = line == 0 || line >= high ? Optional.empty() : next();
      if (record.isEmpty() || !record.get().time().isBefore(since)) {
        high = middle;
      } else {
        low = line;
      }
    }
    position = low;
  }

  @Override
  public long tail(long lines, boolean newest) throws IOException {
    long end = bytes.size();
    if (lines == 0) {
      position = end;
      return 0;
    }
    long found = 0;
    long at = end;
    for (long block = Math.max(0, end - NEAR); at > 0; block = Math.max(0, block - NEAR)) {
      boolean _ = bytes.has(block, (int) (at - block));
      for (long place = at - 1; place >= block; place--) {
        if (bytes.at(place) == '\n' && place != end - 1 && ++found == lines) {
          position = place + 1;
          return lines;
        }
      }
      at = block;
    }
    position = 0;
    return Math.min(lines, found + (end > 0 ? 1 : 0));
  }

  @Override
  public void close() throws IOException {
    bytes.close();
  }
}
