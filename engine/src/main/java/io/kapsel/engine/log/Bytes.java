package io.kapsel.engine.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;

/** A window on a file that others write to. */
final class Bytes {
  private final SeekableByteChannel file;
  private final ByteBuffer buffer;
  private long start;

  Bytes(SeekableByteChannel file, int size) {
    this.file = file;
    this.buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN).limit(0);
  }

  /** Whether that much is there; what was read already is not read again. */
  boolean has(long at, int count) throws IOException {
    if (at < start || at + count > start + buffer.limit()) {
      load(at);
    }
    return at + count <= start + buffer.limit();
  }

  private void load(long at) throws IOException {
    buffer.clear();
    start = at;
    file.position(at);
    while (buffer.hasRemaining()) {
      if (file.read(buffer) < 0) {
        break;
      }
    }
    buffer.flip();
  }

  /** How much is known to be there from that place on, without looking again. */
  int known(long at) {
    return at < start || at > start + buffer.limit() ? 0 : (int) (start + buffer.limit() - at);
  }

  byte at(long place) {
    return buffer.get((int) (place - start));
  }

  int integer(long place) {
    return buffer.getInt((int) (place - start));
  }

  long word(long place) {
    return buffer.getLong((int) (place - start));
  }

  byte[] copy(long place, int count) {
    byte[] bytes = new byte[count];
    buffer.get((int) (place - start), bytes);
    return bytes;
  }

  long size() throws IOException {
    return file.size();
  }

  void close() throws IOException {
    file.close();
  }
}
