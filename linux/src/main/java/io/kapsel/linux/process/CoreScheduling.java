package io.kapsel.linux.process;

import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;

/** Which processes may run on one core at the same time; prctl(2), PR_SCHED_CORE, since 5.14. */
public final class CoreScheduling {
  private static final int SCHED_CORE = 62;
  private static final int CREATE = 1;
  private static final int THREADS_OF_PROCESS = 1;

  private CoreScheduling() {}

  /** A process and those that it will start share cores with nobody else. */
  public static void alone(int pid) {
    try (Scratch scratch = Scratch.take()) {
      long result = scratch.call(Syscall.PRCTL, SCHED_CORE, CREATE, pid, THREADS_OF_PROCESS, 0);
      Kernel.check(result, Syscall.PRCTL, "PR_SCHED_CORE of " + pid);
    }
  }
}
