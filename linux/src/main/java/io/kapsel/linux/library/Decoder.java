package io.kapsel.linux.library;

import io.kapsel.linux.HostLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A stream that a library of the host unpacks, a block of native memory at a time. */
abstract class Decoder extends InputStream {
  private static final int BLOCK = 128 << 10;

  private final InputStream packed;
  private final Arena arena = Arena.ofShared();
  private final byte[] input = new byte[BLOCK];
  private final MemorySegment in = arena.allocate(BLOCK, 64);
  private final MemorySegment out = arena.allocate(BLOCK, 64);
  private int outFrom;
  private int outTo;
  private boolean ended;
  private boolean closed;

  Decoder(InputStream packed) {
    this.packed = packed;
  }

  /** Memory that lives as long as this. */
  final MemorySegment allocate(long bytes) {
    return arena.allocate(bytes, 16);
  }

  /** Where packed bytes lie, and what comes of them. */
  final MemorySegment in() {
    return in;
  }

  final MemorySegment out() {
    return out;
  }

  /** The whole {@link #out} is free, {@code count} fresh bytes are in {@link #in}: takes them. */
  abstract void feed(int count);

  /** Whether it has taken all that {@link #feed} gave it. */
  abstract boolean hungry();

  /**
   * Unpacks into the whole of {@link #out}; how many bytes.
   *
   * @param last whether no more will be fed
   */
  abstract int decode(boolean last) throws IOException;

  /** Whether the packed bytes may end here. */
  abstract boolean whole();

  /** Gives back what the library has. */
  abstract void free();

  @Override
  public final int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public final int read(byte[] bytes, int from, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (outFrom == outTo && !fill()) {
      return -1;
    }
    int count = Math.min(length, outTo - outFrom);
    MemorySegment.copy(out, ValueLayout.JAVA_BYTE, outFrom, bytes, from, count);
    outFrom += count;
    return count;
  }

  private boolean fill() throws IOException {
    if (closed) {
      throw new IOException("the stream is closed");
    }
    outFrom = 0;
    outTo = 0;
    while (outTo == 0) {
      if (hungry() && !ended) {
        int count = packed.read(input, 0, BLOCK);
        ended = count < 0;
        if (count > 0) {
          MemorySegment.copy(input, 0, in, ValueLayout.JAVA_BYTE, 0, count);
          feed(count);
        }
      }
      outTo = decode(ended);
      if (outTo == 0 && ended && hungry()) {
        if (!whole()) {
          throw new java.io.EOFException("the packed data ends early");
        }
        return false;
      }
    }
    return true;
  }

  @Override
  public final int available() {
    return outTo - outFrom;
  }

  @Override
  public final void close() throws IOException {
    if (!closed) {
      closed = true;
      free();
      arena.close();
    }
    packed.close();
  }

  /** The text at an address that a function has returned. */
  @SuppressWarnings("restricted") // a constant string of the library
  static String text(HostLibrary.Function function, long argument) {
    return MemorySegment.ofAddress(function.call(argument)).reinterpret(256).getString(0);
  }
}
