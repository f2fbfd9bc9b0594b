package io.kapsel.linux.poll;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Waits for descriptors on behalf of any number of threads, virtual or not: the callers park, one
 * platform thread sits in epoll_wait(2). A native call that blocked on a virtual thread would take
 * its carrier away from all others.
 *
 * <p>Use it last: try the call first, and wait only when it answers EAGAIN. A descriptor may be
 * waited for by several threads; each event wakes all to whom it matters, and they try again. A
 * descriptor that is closed wakes its waiters with EBADF.
 *
 * <p>Each descriptor is in epoll at most once, armed for one event (EPOLLONESHOT) of those that
 * somebody waits for. Events carry a token and not the number, so a late event of a closed
 * descriptor never reaches the new owner of its number.
 */
public final class Poller implements AutoCloseable {
  /** There is something to read, or the end; E(short) READ. */
  public static final int READ = 1;

  /** Something can be written; EPOLLOUT. */
  public static final int WRITE = 4;

  /** Reported without being asked for: an error; EPOLLERR. */
  public static final int ERROR = 8;

  /** Reported without being asked for: the other side is gone; EPOLLHUP. */
  public static final int HANG_UP = 16;

  /** The other side will not write any more; EPOLLRDHUP. */
  public static final int READ_HANG_UP = 0x2000;

  private static final int CLOSE_ON_EXEC = 0x80000;
  private static final int BATCH = 64;
  private static final int ADD = 1;
  private static final long STOP = 0;

  private final Fd epoll;
  private final Fd stop;
  private final Map<Fd, Watch> watches = new ConcurrentHashMap<>();
  private final Map<Long, Watch> tokens = new ConcurrentHashMap<>();
  private final AtomicLong lastToken = new AtomicLong(STOP);
  private final Thread thread;

  /** A poller with a thread of its own. Nearly everybody wants {@link #shared}. */
  public Poller() {
    epoll = open(Kernel.call(Syscall.EPOLL_CREATE1, CLOSE_ON_EXEC), Syscall.EPOLL_CREATE1);
    stop = open(Kernel.call(Syscall.EVENTFD2, 0, CLOSE_ON_EXEC), Syscall.EVENTFD2);
    Kernel.check(control(ADD, stop.number(), READ, STOP), Syscall.EPOLL_CTL, stop);
    thread = Thread.ofPlatform().name("kapsel-poller").daemon().unstarted(this::run);
    thread.start();
  }

  /** Whether reading would not wait now; ppoll(2). */
  public static boolean isReadable(Fd fd) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment poll = scratch.allocate(8);
      poll.set(ValueLayout.JAVA_INT, 0, lease.number());
      poll.set(ValueLayout.JAVA_SHORT, 4, (short) READ);
      long now = scratch.allocate(16).address();
      long count = scratch.call(Syscall.PPOLL, poll.address(), 1, now, 0, 8);
      return Kernel.check(count, Syscall.PPOLL, fd) > 0;
    }
  }

  /** The poller of this process, started at its first use. */
  public static Poller shared() {
    return Shared.POLLER;
  }

  /**
   * Parks the calling thread until one of {@code events} happens, or an error or a hang-up, and
   * answers what happened. Fails with EBADF when the descriptor is closed meanwhile, and with a
   * CancellationException when the thread is interrupted, which it then still is.
   */
  public int await(Fd fd, int events) {
    return await(fd, events, Long.MAX_VALUE);
  }

  /** The same, but answers 0 when {@code limit} has passed. */
  public int await(Fd fd, int events, Duration limit) {
    long nanos = limit.toSeconds() > Integer.MAX_VALUE ? Long.MAX_VALUE : limit.toNanos();
    return await(fd, events, nanos);
  }

  /** Ends the thread. Who waits is left waiting, so nobody should. */
  @Override
  public void close() {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment one = scratch.allocate(8);
      one.set(ValueLayout.JAVA_LONG, 0, 1);
      Kernel.check(
          scratch.call(Syscall.WRITE, stop.number(), one.address(), 8), Syscall.WRITE, stop);
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    stop.close();
    epoll.close();
  }

  private int await(Fd fd, int events, long nanos) {
    try (Fd.Lease lease = fd.lease()) {
      Watch watch = watch(fd, lease.number());
      Waiter waiter = new Waiter(Thread.currentThread(), events);
      watch.enter(waiter);
      try {
        return park(waiter, fd, nanos);
      } finally {
        watch.leave(waiter);
      }
    }
  }

  private static int park(Waiter waiter, Fd fd, long nanos) {
    long start = System.nanoTime();
    while (waiter.ready() == 0) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException("cannot wait for " + fd + ": interrupted");
      }
      if (nanos == Long.MAX_VALUE) {
        LockSupport.park(waiter);
        continue;
      }
      long left = nanos - (System.nanoTime() - start);
      if (left <= 0) {
        return 0;
      }
      LockSupport.parkNanos(waiter, left);
    }
    if (waiter.ready() == Waiter.CLOSED) {
      throw new SyscallException("epoll_wait", fd, Errno.EBADF);
    }
    return waiter.ready();
  }

  private Watch watch(Fd fd, int number) {
    Watch known = watches.get(fd);
    if (known != null) {
      return known;
    }
    Watch fresh = new Watch(this, number, lastToken.incrementAndGet());
    tokens.put(fresh.token(), fresh); // first: whoever finds the watch may get an event at once
    Watch other = watches.putIfAbsent(fd, fresh);
    if (other != null) {
      tokens.remove(fresh.token());
      return other;
    }
    fd.onClose(this::forget); // runs at once when it is closed by now
    return fresh;
  }

  private void forget(Fd fd) {
    Watch watch = watches.remove(fd);
    if (watch != null) {
      tokens.remove(watch.token());
      watch.close();
    }
  }

  /** See epoll_ctl(2). */
  long control(int operation, int number, int events, long token) {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment event = scratch.allocate(EpollEvent.SIZE);
      EpollEvent.put(event, events, token);
      return scratch.call(Syscall.EPOLL_CTL, epoll.number(), operation, number, event.address());
    }
  }

  private void run() {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment events = scratch.allocate((long) BATCH * EpollEvent.SIZE);
      while (true) {
        long count =
            scratch.call(Syscall.EPOLL_PWAIT, epoll.number(), events.address(), BATCH, -1, 0, 8);
        Kernel.check(count, Syscall.EPOLL_PWAIT, epoll);
        for (int i = 0; i < count; i++) {
          if (!dispatch(EpollEvent.token(events, i), EpollEvent.events(events, i))) {
            return;
          }
        }
      }
    }
  }

  private boolean dispatch(long token, int events) {
    if (token == STOP) {
      return false;
    }
    Watch watch = tokens.get(token);
    if (watch != null) {
      watch.fire(events);
    }
    return true;
  }

  private static Fd open(long result, Syscall call) {
    return Fd.adopt((int) Kernel.check(result, call, null));
  }

  private static final class Shared {
    static final Poller POLLER = new Poller();
  }
}
