package io.kapsel.image.tar;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Bytes on their way from the thread that reads them to the one that writes them, of which one is
 * confined. Both are platform threads: what is confined must not wake up a virtual one.
 */
final class Handoff extends InputStream {
  private static final int PIECE = 1 << 17;
  private static final int PIECES = 4;

  /** Some bytes; {@code from} moves on while they are read. */
  private static final class Piece {
    private final byte[] bytes = new byte[PIECE];
    private int from;
    private int to;
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Piece> full = new ArrayDeque<>();
  private final Deque<Piece> empty = new ArrayDeque<>();
  private int made;
  private boolean ended;
  private boolean unwanted;
  private @Nullable Piece current;

  /** Passes on all of {@code in}, or as much as the other side wants. */
  void fill(InputStream in) throws IOException {
    try {
      for (Piece piece; (piece = takeEmpty()) != null; ) {
        int count = in.readNBytes(piece.bytes, 0, PIECE);
        if (count == 0) {
          return;
        }
        piece.from = 0;
        piece.to = count;
        offer(piece);
      }
    } finally {
      end();
    }
  }

  /** Where bytes can be written to instead; its end is theirs. */
  OutputStream entrance() {
    return new OutputStream() {
      private @Nullable Piece piece;

      @Override
      public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        for (int done = 0; done < length; ) {
          Piece into = piece == null ? fresh() : piece;
          int count = Math.min(length - done, PIECE - into.to);
          System.arraycopy(bytes, from + done, into.bytes, into.to, count);
          into.to += count;
          done += count;
          piece = into;
          if (into.to == PIECE) {
            flush();
          }
        }
      }

      @Override
      public void flush() {
        Piece full = piece;
        if (full != null) {
          offer(full);
          piece = null;
        }
      }

      @Override
      public void close() {
        flush();
        end();
      }
    };
  }

  private Piece fresh() throws IOException {
    Piece piece = takeEmpty();
    if (piece == null) {
      throw new IOException("nobody wants it any more");
    }
    piece.from = 0;
    piece.to = 0;
    return piece;
  }

  private @Nullable Piece takeEmpty() throws IOException {
    lock.lock();
    try {
      while (empty.isEmpty() && made == PIECES && !unwanted) {
        changed.await();
      }
      if (unwanted) {
        return null;
      }
      if (empty.isEmpty()) {
        made++;
        return new Piece();
      }
      return empty.removeFirst();
    } catch (InterruptedException e) {
      throw interrupted();
    } finally {
      lock.unlock();
    }
  }

  private static IOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted");
  }

  private void offer(Piece piece) {
    lock.lock();
    try {
      full.addLast(piece);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more comes. */
  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int from, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    Piece piece = current;
    if (piece == null) {
      piece = takeFull();
      if (piece == null) {
        return -1;
      }
      current = piece;
    }
    int count = Math.min(length, piece.to - piece.from);
    System.arraycopy(piece.bytes, piece.from, bytes, from, count);
    piece.from += count;
    if (piece.from == piece.to) {
      giveBack(piece);
      current = null;
    }
    return count;
  }

  private @Nullable Piece takeFull() throws IOException {
    lock.lock();
    try {
      while (full.isEmpty() && !ended) {
        changed.await();
      }
      return full.pollFirst();
    } catch (InterruptedException e) {
      throw interrupted();
    } finally {
      lock.unlock();
    }
  }

  private void giveBack(Piece piece) {
    lock.lock();
    try {
      empty.addLast(piece);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more is wanted: the archive has ended, or cannot be unpacked. */
  @Override
  public void close() {
    lock.lock();
    try {
      unwanted = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
