package io.kapsel.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What has happened, for all who listen. The latest are kept for those who ask late; whoever reads
 * more slowly than things happen misses some, and is told how many, so that nobody waits for him.
 */
public final class Events {
  private static final int KEPT = 1024;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition more = lock.newCondition();
  private final Event[] ring = new Event[KEPT];
  private long count;
  private boolean closed;

  Events() {}

  void publish(String type, String action, String id, Map<String, String> attributes) {
    lock.lock();
    try {
      ring[(int) (count++ % KEPT)] = new Event(Instant.now(), type, action, id, attributes);
      more.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void publish(StoredContainer container, String action, Map<String, String> more) {
    Map<String, String> attributes = new HashMap<>(container.spec().labels());
    attributes.put("name", container.name());
    attributes.put("image", container.spec().root().toString());
    attributes.putAll(more);
    publish("container", action, container.id(), attributes);
  }

  /** From the oldest that is kept on. */
  public Reader all() {
    return new Reader(Math.max(0, count() - KEPT));
  }

  /** From now on. */
  public Reader next() {
    return new Reader(count());
  }

  private long count() {
    lock.lock();
    try {
      return count;
    } finally {
      lock.unlock();
    }
  }

  void close() {
    lock.lock();
    try {
      closed = true;
      more.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Somebody who listens. */
  public final class Reader {
    private long at;
    private long missed;

    private Reader(long at) {
      this.at = at;
    }

    /** The next one; empty when none has come for that long, or none will. */
    public Optional<Event> next(Duration patience) throws InterruptedException {
      lock.lock();
      try {
        long left = patience.toNanos();
        while (at == count && !closed && left > 0) {
          left = more.awaitNanos(left);
        }
        if (at == count) {
          return Optional.empty();
        }
        long oldest = Math.max(at, count - KEPT);
        missed += oldest - at;
        at = oldest + 1;
        return Optional.of(ring[(int) (oldest % KEPT)]);
      } finally {
        lock.unlock();
      }
    }

    /** How many were missed since the last call. */
    public long missed() {
      long now = missed;
      missed = 0;
      return now;
    }

    /** Whether none will come any more. */
    public boolean ended() {
      lock.lock();
      try {
        return closed && at == count;
      } finally {
        lock.unlock();
      }
    }
  }
}
