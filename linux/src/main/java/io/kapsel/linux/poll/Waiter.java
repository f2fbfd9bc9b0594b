package io.kapsel.linux.poll;

import java.util.concurrent.locks.LockSupport;

/** A parked thread and what it waits for. */
final class Waiter {
  static final int CLOSED = -1;

  private final Thread thread;
  private final int events;
  private volatile int ready;

  Waiter(Thread thread, int events) {
    this.thread = thread;
    this.events = events;
  }

  int events() {
    return events;
  }

  /** What happened, 0 as long as nothing did. */
  int ready() {
    return ready;
  }

  boolean wants(int happened) {
    return (happened & (events | Poller.ERROR | Poller.HANG_UP)) != 0;
  }

  void wake(int happened) {
    ready = happened;
    LockSupport.unpark(thread);
  }
}
