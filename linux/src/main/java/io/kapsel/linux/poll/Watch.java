package io.kapsel.linux.poll;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.SyscallException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** One descriptor in epoll, and who waits for it. */
final class Watch {
  private static final int ONE_SHOT = 1 << 30;
  private static final int ADD = 1;
  private static final int DELETE = 2;
  private static final int MODIFY = 3;

  private final Poller poller;
  private final int number;
  private final long token;
  private final ReentrantLock waitersLock = new ReentrantLock();

  private final List<Waiter> waiters = new ArrayList<>(1);

  private int armed;

  private boolean added;

  private boolean closed;

  Watch(Poller poller, int number, long token) {
    this.poller = poller;
    this.number = number;
    this.token = token;
  }

  long token() {
    return token;
  }

  void enter(Waiter waiter) {
    waitersLock.lock();
    try {
      if (closed) {
        waiter.wake(Waiter.CLOSED);
        return;
      }
      waiters.add(waiter);
      if ((waiter.events() & ~armed) != 0) {
        long result = arm();
        if (Kernel.failed(result)) {
          throw new SyscallException("epoll_ctl", "fd " + number, Kernel.errno(result));
        }
      }
    } finally {
      waitersLock.unlock();
    }
  }

  void leave(Waiter waiter) {
    waitersLock.lock();
    try {
      waiters.remove(waiter);
    } finally {
      waitersLock.unlock();
    }
  }

  void fire(int happened) {
    waitersLock.lock();
    try {
      armed = 0;
      wake(happened);
      if (!waiters.isEmpty() && Kernel.failed(arm())) {
        wake(Poller.ERROR); // they try again, wait again, and get the error themselves
      }
    } finally {
      waitersLock.unlock();
    }
  }

  void close() {
    waitersLock.lock();
    try {
      closed = true;
      if (added) {
        // Not left to close(2): a copy elsewhere, sent in a message, would keep it in epoll.
        poller.control(DELETE, number, 0, token);
      }
      waiters.forEach(waiter -> waiter.wake(Waiter.CLOSED));
      waiters.clear();
    } finally {
      waitersLock.unlock();
    }
  }

  /** Arms for all that is waited for; 0 or the negative errno. */
  private long arm() {
    int wanted = waiters.stream().mapToInt(Waiter::events).reduce(0, (a, b) -> a | b);
    long result = poller.control(added ? MODIFY : ADD, number, wanted | ONE_SHOT, token);
    if (!Kernel.failed(result)) {
      added = true;
      armed = wanted;
      return 0;
    }
    if (Kernel.errno(result).equals(Errno.EPERM)) {
      wake(wanted); // a regular file or a directory: never makes anybody wait
      return 0;
    }
    return result;
  }

  private void wake(int happened) {
    waiters.removeIf(waiter -> {
      if (!waiter.wants(happened)) {
        return false;
      }
      waiter.wake(happened);
      return true;
    });
  }
}
