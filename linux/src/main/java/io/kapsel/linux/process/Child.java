package io.kapsel.linux.process;

import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A process that {@link Spawn} started. Somebody must {@link #await} it, or it stays as a zombie
 * until this process ends. Closing drops the descriptor and does not end the process.
 */
public final class Child implements AutoCloseable {
  private static final int BY_DESCRIPTOR = 3; // P_PIDFD
  private static final int ENDED_NO_WAIT = 4 | 1; // WEXITED | WNOHANG
  static final int INFORMATION = 128;
  static final int CODE_AT = 8;
  static final int PID_AT = 16;
  static final int STATUS_AT = 24;
  private static final int KILL = 9;
  private static final int EXITED = 1;
  private static final int DUMPED = 3;

  private final Pidfd process;
  private final ReentrantLock reapLock = new ReentrantLock();
  private Optional<WaitStatus> status = Optional.empty();

  Child(Pidfd process) {
    this.process = process;
  }

  /** Its number. */
  public int pid() {
    return process.pid();
  }

  /** Its descriptor, which it goes on to own. */
  public Pidfd process() {
    return process;
  }

  /** Waits until it ends, and reaps it. Everybody gets the same answer, as often as asked. */
  public WaitStatus await() {
    while (true) {
      Optional<WaitStatus> ended = poll();
      if (ended.isPresent()) {
        return ended.get();
      }
      process.await();
    }
  }

  /** The same; nothing when it has not ended after {@code limit}. */
  public Optional<WaitStatus> await(Duration limit) {
    Optional<WaitStatus> ended = poll();
    if (ended.isPresent()) {
      return ended;
    }
    return process.await(limit) ? poll() : Optional.empty();
  }

  /** Ends it and all others of the group that it leads; see {@link Spawn#session}. */
  public void killGroup() {
    if (poll().isEmpty()) {
      Kernel.call(Syscall.KILL, -pid(), KILL);
    }
  }

  /** How it ended, if it has. */
  public Optional<WaitStatus> poll() {
    reapLock.lock();
    try {
      if (status.isEmpty()) {
        status = reap();
      }
      return status;
    } finally {
      reapLock.unlock();
    }
  }

  @Override
  public void close() {
    process.close();
  }

  private Optional<WaitStatus> reap() {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment info = scratch.allocate(INFORMATION);
      int fd = process.fd().number();
      long result =
          scratch.call(Syscall.WAITID, BY_DESCRIPTOR, fd, info.address(), ENDED_NO_WAIT, 0);
      Kernel.check(result, Syscall.WAITID, pid());
      return info.get(ValueLayout.JAVA_INT, PID_AT) == 0
          ? Optional.empty()
          : Optional.of(ended(info));
    }
  }

  private static WaitStatus ended(MemorySegment info) {
    int code = info.get(ValueLayout.JAVA_INT, CODE_AT);
    int value = info.get(ValueLayout.JAVA_INT, STATUS_AT);
    return code == EXITED ? WaitStatus.exited(value) : WaitStatus.killed(value, code == DUMPED);
  }
}
