package io.kapsel.engine;

import io.kapsel.engine.log.LogLine;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Lines that wait to be sent. While they are too many, those that come are dropped. */
final class LogBuffer {
  private final long most;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition more = lock.newCondition();
  private final ArrayDeque<LogLine> lines = new ArrayDeque<>();
  private long bytes;
  private long dropped;
  private boolean sending;
  private boolean ended;

  /** For that many bytes, and at least one line. */
  LogBuffer(long most) {
    this.most = most;
  }

  void put(LogLine line) {
    lock.lock();
    try {
      int size = line.bytes().length;
      if (!lines.isEmpty() && bytes + size > most) {
        dropped++;
        return;
      }
      lines.add(line);
      bytes += size;
      more.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The oldest, which counts as waiting until {@link #sent}; nothing: there will be none. */
  Optional<LogLine> take() throws InterruptedException {
    lock.lock();
    try {
      while (lines.isEmpty() && !ended) {
        more.await();
      }
      Optional<LogLine> next = Optional.ofNullable(lines.poll());
      next.ifPresent(line -> bytes -= line.bytes().length);
      sending = next.isPresent();
      return next;
    } finally {
      lock.unlock();
    }
  }

  void sent() {
    lock.lock();
    try {
      sending = false;
    } finally {
      lock.unlock();
    }
  }

  boolean isEmpty() {
    lock.lock();
    try {
      return lines.isEmpty() && !sending;
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more comes. */
  void end() {
    lock.lock();
    try {
      ended = true;
      more.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** How many were not taken. */
  long dropped() {
    lock.lock();
    try {
      return dropped;
    } finally {
      lock.unlock();
    }
  }
}
