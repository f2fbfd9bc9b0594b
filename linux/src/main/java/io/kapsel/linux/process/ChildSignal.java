package io.kapsel.linux.process;

import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * SIGCHLD of this process. Whoever started the JVM with SIGCHLD ignored would have the kernel drop
 * our children's exit states; see NOTES in waitid(2).
 */
final class ChildSignal {
  private static final int NUMBER = 17;
  private static final int ACTION = 32; // handler, flags, restorer, mask
  private static final long IGNORE = 1;

  private ChildSignal() {}

  /** Makes sure that exit states of children are kept. */
  static void receive() {
    Once.init();
  }

  private static final class Once {
    static {
      try (Scratch scratch = Scratch.take()) {
        MemorySegment action = scratch.allocate(ACTION);
        long result = scratch.call(Syscall.RT_SIGACTION, NUMBER, 0, action.address(), 8);
        Kernel.check(result, Syscall.RT_SIGACTION, "SIGCHLD");
        if (action.get(ValueLayout.JAVA_LONG, 0) == IGNORE) {
          long standard = scratch.allocate(ACTION).address();
          result = scratch.call(Syscall.RT_SIGACTION, NUMBER, standard, 0, 8);
          Kernel.check(result, Syscall.RT_SIGACTION, "SIGCHLD");
        }
      }
    }

    static void init() {
      // the class is initialised by now
    }
  }
}
