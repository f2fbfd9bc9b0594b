package io.kapsel.lxc;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.process.CoreScheduling;

/** {@code lxc.sched.core}: no other container runs on the same core at the same time. */
final class LxcCore {
  private LxcCore() {}

  /** {@code pid}: the process that becomes the container's first, and the parent of all others. */
  static void share(LxcConfig config, int pid) {
    config
        .last("lxc.sched.core")
        .filter(it -> it.value().equals("1"))
        .ifPresent(entry -> {
          try {
            CoreScheduling.alone(pid);
          } catch (SyscallException e) {
            throw entry.wrong(
                "this kernel does not schedule whole cores (CONFIG_SCHED_CORE), or the machine has"
                    + " no cores of several threads: "
                    + e.getMessage());
          }
        });
  }
}
