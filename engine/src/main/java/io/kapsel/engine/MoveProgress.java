package io.kapsel.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/** A move that goes on: what somebody who waits for it sees, and how he ends it. */
public final class MoveProgress {
  private final ReentrantLock lock = new ReentrantLock();
  private final List<String> lines = new ArrayList<>();
  private String phase = "";
  private LongSupplier sent = () -> 0;
  private Runnable disconnect = () -> {};
  private boolean cancelled;
  private boolean committed;

  /** One that has not begun. */
  public MoveProgress() {}

  /**
   * What there is to see now.
   *
   * @param lines that were not taken yet
   * @param phase what is being done
   * @param sent bytes so far
   */
  public record Sight(List<String> lines, String phase, long sent) {}

  /** What there is to see now. */
  public Sight take() {
    lock.lock();
    try {
      Sight sight = new Sight(List.copyOf(lines), phase, sent.getAsLong());
      lines.clear();
      return sight;
    } finally {
      lock.unlock();
    }
  }

  /** Ends it, unless it is so far that it ends soon, and well. */
  public void cancel() {
    Runnable end = () -> {};
    lock.lock();
    try {
      if (!committed) {
        cancelled = true;
        end = disconnect;
      }
    } finally {
      lock.unlock();
    }
    end.run();
  }

  void connected(LongSupplier bytes, Runnable hangUp) {
    lock.lock();
    try {
      sent = bytes;
      disconnect = hangUp;
    } finally {
      lock.unlock();
    }
    check();
  }

  void begin(String what) {
    lock.lock();
    try {
      phase = what;
    } finally {
      lock.unlock();
    }
    check();
  }

  void say(String line) {
    lock.lock();
    try {
      lines.add(line);
    } finally {
      lock.unlock();
    }
  }

  boolean isCancelled() {
    lock.lock();
    try {
      return cancelled;
    } finally {
      lock.unlock();
    }
  }

  /** Throws when it was cancelled. */
  void check() {
    if (isCancelled()) {
      throw new EngineException.Conflict("go on with", "the move", "it was interrupted");
    }
  }

  /** From now on it cannot be cancelled. */
  void commit() {
    lock.lock();
    try {
      committed = !cancelled;
    } finally {
      lock.unlock();
    }
    check();
  }
}
