package io.kapsel.engine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.UnixStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;

/** The beginning of what a program in a container prints. */
final class Captured implements AutoCloseable {
  private static final int HEADER = 8;
  private static final int LONGEST = 64 << 10;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final UnixStream stream;
  private final Thread reader;
  private final byte[] kept;
  private final AtomicInteger size = new AtomicInteger();

  private Captured(UnixStream stream, int most) {
    this.stream = stream;
    this.kept = new byte[most];
    this.reader = Thread.ofVirtual().name("captured").start(this::read);
  }

  /** Listens to a program that is not started yet. */
  static Captured of(Exec exec, int most) {
    UnixStream.Pair pair = UnixStream.pair();
    try (Fd other = pair.other()) {
      exec.attach(other, false, true, true);
    }
    return new Captured(pair.stream(), most);
  }

  private void read() {
    byte[] header = new byte[HEADER];
    byte[] payload = new byte[LONGEST];
    try {
      while (stream.readFully(header, 0, HEADER)) {
        int length = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder()).getInt(4);
        if (length < 0 || length > LONGEST || !stream.readFully(payload, 0, length)) {
          return;
        }
        if (header[0] == STDOUT || header[0] == STDERR) {
          int taken = Math.min(length, kept.length - size.get());
          System.arraycopy(payload, 0, kept, size.get(), taken);
          int _ = size.addAndGet(taken);
        }
      }
    } catch (SyscallException | CancellationException _) {
      // it is over
    }
  }

  /** What there is so far. */
  String now() {
    return new String(kept, 0, size.get(), StandardCharsets.UTF_8);
  }

  /** All, once the program has ended; others may hold its output for longer. */
  String text() throws InterruptedException {
    boolean _ = reader.join(PATIENCE);
    return now();
  }

  @Override
  public void close() {
    stream.close();
  }
}
