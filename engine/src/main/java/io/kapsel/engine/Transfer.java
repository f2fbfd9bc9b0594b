package io.kapsel.engine;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** Bytes on their way from one who writes to one who reads, side by side. */
final class Transfer {
  private static final int PIPE = 1 << 18;

  private Transfer() {}

  /** Writes them. */
  @FunctionalInterface
  interface From {
    void write(OutputStream out) throws IOException;
  }

  /** Reads them, all or as many as it wants. */
  @FunctionalInterface
  interface To {
    void read(InputStream in) throws IOException;
  }

  /** Returns when both are done. What went wrong first is thrown: it ended the other. */
  static long between(From from, To to) throws IOException {
    AtomicReference<Optional<Exception>> first = new AtomicReference<>(Optional.empty());
    AtomicLong count = new AtomicLong();
    Thread writer;
    try (PipedInputStream in = new PipedInputStream(PIPE)) {
      PipedOutputStream out = new PipedOutputStream(in);
      writer =
          Thread.ofPlatform().daemon().name("kapsel-copy").start(() -> write(from, out, first));
      try {
        to.read(new Counted(in, count));
      } catch (IOException | RuntimeException e) {
        note(first, e);
      }
    }
    join(writer);
    if (first.get().isPresent()) {
      throw thrown(first.get().get());
    }
    return count.get();
  }

  private static void note(AtomicReference<Optional<Exception>> first, Exception e) {
    first.updateAndGet(known -> known.isPresent() ? known : Optional.of(e));
  }

  /** Counts what is read. */
  private static final class Counted extends FilterInputStream {
    private final AtomicLong count;

    Counted(InputStream in, AtomicLong count) {
      super(in);
      this.count = count;
    }

    @Override
    public int read() throws IOException {
      int one = super.read();
      count.addAndGet(one < 0 ? 0 : 1);
      return one;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      int done = super.read(bytes, from, length);
      count.addAndGet(Math.max(done, 0));
      return done;
    }
  }

  private static void write(
      From from, PipedOutputStream out, AtomicReference<Optional<Exception>> first) {
    try (out) {
      try {
        from.write(out);
      } catch (IOException | RuntimeException e) {
        note(first, e); // before the other side sees the end
      }
    } catch (IOException | RuntimeException e) {
      note(first, e);
    }
  }

  private static IOException thrown(Exception e) {
    if (e instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    return (IOException) e;
  }

  private static void join(Thread writer) throws IOException {
    try {
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
