package io.kapsel.image.tar;

import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads another stream on a thread of its own, at most half a mebibyte ahead of whoever reads this.
 */
public final class Ahead extends InputStream {
  private final Handoff handoff = new Handoff();
  private final Thread thread;
  private volatile boolean closed;
  private volatile @Nullable Throwable failure;

  /** Begins to read {@code in}, which stays the caller's, and untouched until this is closed. */
  public Ahead(InputStream in) {
    thread = Thread.ofPlatform().daemon().name("kapsel-ahead").start(() -> fill(in));
  }

  private void fill(InputStream in) {
    try {
      handoff.fill(in);
    } catch (IOException | RuntimeException | Error e) {
      if (!closed) { // else it is the end that close() has made
        failure = e;
      }
    }
  }

  /** Whether the other stream failed, rather than whoever reads this. */
  public boolean failed() {
    return failure != null;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int from, int length) throws IOException {
    int count = handoff.read(bytes, from, length);
    if (count < 0) {
      join();
      if (failure != null) {
        throw PlatformThread.rethrown(failure);
      }
    }
    return count;
  }

  /** Reads what is left, so that the other stream has been read to its end. */
  public void skipRest() throws IOException {
    byte[] rest = new byte[1 << 16];
    while (read(rest) >= 0) {}
  }

  /** Nobody reads the other stream any more when this returns. */
  @Override
  public void close() {
    closed = true;
    handoff.close();
    thread.interrupt();
    join();
  }

  private void join() {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
        thread.interrupt();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
