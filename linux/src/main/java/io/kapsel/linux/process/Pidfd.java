package io.kapsel.linux.process;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.poll.Poller;
import java.time.Duration;

/** A process that stays the same one, unlike a number, which is given away again. */
public final class Pidfd implements AutoCloseable {
  private static final int PROCESS_GROUP = 1 << 2;

  private final int pid;
  private final Fd fd;

  private Pidfd(int pid, Fd fd) {
    this.pid = pid;
    this.fd = fd;
  }

  /** The process that has that number now; see pidfd_open(2). Fails with ESRCH. */
  public static Pidfd open(int pid) {
    long fd = Kernel.call(Syscall.PIDFD_OPEN, pid);
    return new Pidfd(pid, Fd.adopt((int) Kernel.check(fd, Syscall.PIDFD_OPEN, pid)));
  }

  /** Takes over a descriptor for the process of that number. */
  public static Pidfd of(int pid, Fd fd) {
    return new Pidfd(pid, fd);
  }

  /** Its number, good for messages. */
  public int pid() {
    return pid;
  }

  /** Its descriptor, which this goes on to own. */
  public Fd fd() {
    return fd;
  }

  /** Sends a signal; see pidfd_send_signal(2). False when the process has ended. */
  public boolean signal(int number) {
    return sent(send(number, 0));
  }

  /**
   * Sends a signal to all of the group that it leads; before Linux 6.9 to itself alone. False when
   * the group has ended.
   */
  public boolean signalGroup(int number) {
    long result = send(number, PROCESS_GROUP);
    return sent(result == -Errno.EINVAL.number() ? send(number, 0) : result);
  }

  private long send(int number, int flags) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      return scratch.call(Syscall.PIDFD_SEND_SIGNAL, lease.number(), number, 0, flags);
    }
  }

  private boolean sent(long result) {
    if (result == -Errno.ESRCH.number()) {
      return false;
    }
    Kernel.check(result, Syscall.PIDFD_SEND_SIGNAL, pid);
    return true;
  }

  /** Whether it has not ended; one that waits to be reaped has. */
  public boolean alive() {
    return !Poller.isReadable(fd);
  }

  /** Waits until it ends. */
  public void await() {
    Poller.shared().await(fd, Poller.READ);
  }

  /** The same; false when it has not ended after {@code limit}. */
  public boolean await(Duration limit) {
    return Poller.shared().await(fd, Poller.READ, limit) != 0;
  }

  @Override
  public void close() {
    fd.close();
  }
}
