package io.kapsel.linux;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An open descriptor and the duty to close it. Every descriptor of this process is close-on-exec.
 *
 * <p>A number may be given away again right after it was closed; a call that still runs on it in
 * another thread would then reach the wrong file. Calls which may meet a close therefore hold a
 * {@link #lease}: {@link #close} takes effect at once for newcomers and for waiters, and the number
 * is closed when the last lease ends.
 */
public final class Fd implements AutoCloseable {
  /** Stands for the working directory in calls that take a directory, AT_FDCWD; closing is void. */
  public static final Fd CWD = new Fd(-100);

  private static final int CLOSED = 0x4000_0000;
  private static final AtomicLong OPEN = new AtomicLong();
  private static final @Nullable FdTrace TRACE =
      Boolean.getBoolean("io.kapsel.linux.traceFds") ? new FdTrace() : null;

  private final int number;
  private final AtomicReference<@Nullable Consumer<Fd>> onClose = new AtomicReference<>();
  private final Uses uses = new Uses();

  private Fd(int number) {
    this.number = number;
  }

  /** Takes over an open descriptor. */
  public static Fd adopt(int number) {
    if (number < 0) {
      throw new IllegalArgumentException(
          "cannot adopt descriptor '" + number + "': it is negative");
    }
    Fd fd = new Fd(number);
    OPEN.incrementAndGet();
    if (TRACE != null) {
      TRACE.opened(fd);
    }
    return fd;
  }

  /** How many descriptors are adopted and not closed. */
  public static long openCount() {
    return OPEN.get();
  }

  /**
   * Where each open descriptor was adopted, one text each; empty unless the system property {@code
   * io.kapsel.linux.traceFds} is true.
   */
  public static java.util.List<String> trace() {
    return TRACE == null ? java.util.List.of() : TRACE.list();
  }

  /** The number, for a system call. Fails with EBADF when it is closed. */
  public int number() {
    if (uses.closed()) {
      throw new SyscallException("fd", number, Errno.EBADF);
    }
    return number;
  }

  /** Whether {@link #close} was called. */
  public boolean closed() {
    return uses.closed();
  }

  /** Keeps the number from being closed until the lease is closed. Fails with EBADF when closed. */
  public Lease lease() {
    if (!uses.begin()) {
      throw new SyscallException("fd", number, Errno.EBADF);
    }
    return new Lease(this);
  }

  /** Another descriptor for the same open file; see fcntl(2), F_DUPFD_CLOEXEC. */
  public Fd duplicate() {
    return duplicate(0);
  }

  /** The same with a number of at least {@code least}. */
  public Fd duplicate(int least) {
    try (Lease lease = lease()) {
      long copy = Kernel.call(Syscall.FCNTL, lease.number(), 1030, least);
      return adopt((int) Kernel.check(copy, "fcntl", this));
    }
  }

  /** Runs {@code action} once, at the begin of {@link #close}, or at once when it is closed. */
  public void onClose(Consumer<Fd> action) {
    onClose.accumulateAndGet(action, (known, added) -> known == null ? added : both(known, added));
    if (uses.closed()) {
      runOnClose();
    }
  }

  /** Closes it, now or when the last lease ends. Closing again does nothing. */
  @Override
  public void close() {
    if (this == CWD || !uses.close()) {
      return;
    }
    runOnClose();
    end();
  }

  @Override
  public String toString() {
    return "fd " + number;
  }

  private static @Nullable Consumer<Fd> both(Consumer<Fd> known, @Nullable Consumer<Fd> added) {
    return added == null ? known : known.andThen(added);
  }

  private void runOnClose() {
    Consumer<Fd> action = onClose.getAndSet(null);
    if (action != null) {
      action.accept(this);
    }
  }

  private void end() {
    if (uses.end()) {
      OPEN.decrementAndGet();
      if (TRACE != null) {
        TRACE.closed(this);
      }
      Kernel.call(Syscall.CLOSE, number); // the number is gone whatever the kernel answers
    }
  }

  /** The right to use a number for a while. To be closed by the thread that took it, once. */
  public static final class Lease implements AutoCloseable {
    private final Fd fd;

    private Lease(Fd fd) {
      this.fd = fd;
    }

    /** The number, which stays open. */
    public int number() {
      return fd.number;
    }

    @Override
    public void close() {
      fd.end();
    }
  }

  /** A count of users, of which the owner is one, and whether the owner has closed. */
  private static final class Uses extends java.util.concurrent.atomic.AtomicInteger {
    private static final long serialVersionUID = 1;

    Uses() {
      super(1);
    }

    boolean closed() {
      return (get() & CLOSED) != 0;
    }

    boolean begin() {
      while (true) {
        int now = get();
        if ((now & CLOSED) != 0) {
          return false;
        }
        if (compareAndSet(now, now + 1)) {
          return true;
        }
      }
    }

    boolean close() {
      while (true) {
        int now = get();
        if ((now & CLOSED) != 0) {
          return false;
        }
        if (compareAndSet(now, now | CLOSED)) {
          return true;
        }
      }
    }

    /** Whether that was the last one. */
    boolean end() {
      return decrementAndGet() == CLOSED;
    }
  }
}
