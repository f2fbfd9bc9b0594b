package io.kapsel.engine.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;

/**
 * A file of the driver {@code local}: records, none of which crosses the border of a block, so that
 * reading can begin at any block. Their times are the index.
 */
public final class RecordFile implements LogFile {
  /** Bytes from one place where reading can begin to the next. */
  static final int BLOCK = 256 << 10;

  static final int HEAD = 32;
  static final int HEADER = 16;
  static final int MAGIC = 0x474f4c4b;

  private static final int STDERR = 2;
  private static final int LOST = 3;
  private static final long NANOS = 1_000_000_000L;

  private final Bytes bytes;
  private long position = HEAD;
  private long dropLines;
  private boolean checked;

  /** Takes over an open file. */
  public RecordFile(SeekableByteChannel file) {
    this.bytes = new Bytes(file, BLOCK);
  }

  /** What a record says of itself. */
  private record Header(int stream, int length, long nanoseconds) {
    Instant time() {
      return Instant.ofEpochSecond(nanoseconds / NANOS, nanoseconds % NANOS);
    }
  }

  @Override
  public Optional<LogRecord> next() throws IOException {
    while (true) {
      Optional<Header> header = header();
      if (header.isEmpty()) {
        return Optional.empty();
      }
      long at = position + HEADER;
      byte[] content = bytes.copy(at, header.get().length());
      position = at + header.get().length();
      LogRecord record = record(header.get(), content);
      if (dropLines == 0) {
        return Optional.of(record);
      }
      Optional<LogRecord> rest = dropped(record);
      if (rest.isPresent()) {
        return rest;
      }
    }
  }

  private static LogRecord record(Header header, byte[] content) {
    if (header.stream() != LOST) {
      return new LogRecord(header.stream() == STDERR, header.time(), content);
    }
    long count =
        java.nio.ByteBuffer.wrap(content).order(java.nio.ByteOrder.LITTLE_ENDIAN).getLong();
    String text = "kapsel: %d bytes of output are lost: no room on disk\n".formatted(count);
    return new LogRecord(true, header.time(), text.getBytes(UTF_8));
  }

  /** The header of a whole record at the position, which moves over what is left of a block. */
  private Optional<Header> header() throws IOException {
    check();
    while (true) {
      long end = (position / BLOCK + 1) * BLOCK;
      if (end - position < HEADER) {
        position = end;
      }
      if (!bytes.has(position, HEADER)) {
        return Optional.empty();
      }
      int stream = bytes.at(position);
      int length = bytes.integer(position + 4);
      if (stream == 0) {
        if (bytes.size() <= end) {
          return Optional.empty();
        }
        position = end;
        continue;
      }
      if (stream > LOST
          || length < 0
          || position + HEADER + length > (position / BLOCK + 1) * BLOCK) {
        throw new IOException("a record at " + position + " is damaged");
      }
      Header header = new Header(stream, length, bytes.word(position + 8));
      return bytes.has(position, HEADER + length) ? Optional.of(header) : Optional.empty();
    }
  }

  private void check() throws IOException {
    if (!checked && bytes.has(0, HEAD)) {
      if (bytes.integer(0) != MAGIC || bytes.integer(4) != 1) {
        throw new IOException("it is not a log of this version");
      }
      checked = true;
    }
  }

  private Optional<LogRecord> dropped(LogRecord record) {
    byte[] content = record.bytes();
    for (int at = 0; at < content.length; at++) {
      if (content[at] == '\n' && --dropLines == 0) {
        byte[] rest = Arrays.copyOfRange(content, at + 1, content.length);
        return rest.length == 0
            ? Optional.empty()
            : Optional.of(new LogRecord(record.error(), record.time(), rest));
      }
    }
    return Optional.empty();
  }

  @Override
  public Optional<Instant> first() throws IOException {
    return timeAt(HEAD);
  }

  private Optional<Instant> timeAt(long at) throws IOException {
    if (!bytes.has(at, HEADER) || bytes.at(at) == 0) {
      return Optional.empty();
    }
    return Optional.of(new Header(0, 0, bytes.word(at + 8)).time());
  }

  @Override
  public void begin(Instant since) throws IOException {
    position = HEAD;
    dropLines = 0;
    for (long block = BLOCK; block < bytes.size(); block += BLOCK) {
      Optional<Instant> time = timeAt(block);
      if (time.isEmpty() || !time.get().isBefore(since)) {
        return;
      }
      position = block;
    }
  }

  @Override
  public long tail(long lines, boolean newest) throws IOException {
    long size = bytes.size();
    long found = newest && endsOpen(size) ? 1 : 0;
    long block = Math.max(0, (size - 1) / BLOCK * BLOCK);
    while (true) {
      found += linesOf(block);
      if (found >= lines || block == 0) {
        break;
      }
      block -= BLOCK;
    }
    position = Math.max(block, HEAD);
    dropLines = Math.max(0, found - lines);
    return Math.min(found, lines);
  }

  private long linesOf(long block) throws IOException {
    long count = 0;
    position = Math.max(block, HEAD);
    for (Optional<Header> header = header();
        header.isPresent() && position < block + BLOCK;
        header = header()) {
      long at = position + HEADER;
      if (header.get().stream() == LOST) {
        count++;
      } else {
        for (long end = at + header.get().length(); at < end; at++) {
          count += bytes.at(at) == '\n' ? 1 : 0;
        }
      }
      position += HEADER + header.get().length();
    }
    return count;
  }

  private boolean endsOpen(long size) throws IOException {
    return size > HEAD + HEADER && bytes.has(size - 1, 1) && bytes.at(size - 1) != '\n';
  }

  @Override
  public void close() throws IOException {
    bytes.close();
  }
}
