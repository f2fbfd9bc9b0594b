package io.kapsel.network;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** The latest refusals, and those to come. */
public final class Refusals {
  private static final int KEPT = 4096;

  /**
   * What has come.
   *
   * @param seen how many there have been until then, with these
   */
  public record Later(List<Refusal> refusals, long seen) {
    /** Keeps them as they are. */
    public Later {
      refusals = List.copyOf(refusals);
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition more = lock.newCondition();
  private final Deque<Refusal> kept = new ArrayDeque<>();
  private final List<Consumer<Refusal>> hearers = new CopyOnWriteArrayList<>();
  private long count;

  Refusals() {}

  /** Has each one told at once, to somebody who does not take long. */
  public void tell(Consumer<Refusal> hearer) {
    hearers.add(hearer);
  }

  void add(Refusal refusal) {
    lock.lock();
    try {
      if (kept.size() == KEPT) {
        kept.removeFirst();
      }
      kept.addLast(refusal);
      count++;
      more.signalAll();
    } finally {
      lock.unlock();
    }
    hearers.forEach(each -> each.accept(refusal));
  }

  /** Those behind the first {@code seen}, as far as they are kept; waits for some. */
  public Later after(long seen, Duration patience) throws InterruptedException {
    lock.lock();
    try {
      long left = patience.toNanos();
      while (count <= seen && left > 0) {
        left = more.awaitNanos(left);
      }
      List<Refusal> all = new ArrayList<>(kept);
      long fresh = Math.min(count - seen, all.size());
      return new Later(all.subList((int) (all.size() - Math.max(fresh, 0)), all.size()), count);
    } finally {
      lock.unlock();
    }
  }
}
