package io.kapsel.linux.process;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;

/** Takes a thread into the network of another process; see setns(2). */
public final class NetworkOf {
  private static final long NEWNET = 0x4000_0000L;

  private NetworkOf() {}

  /**
   * From now on this thread's new sockets belong there. Only for a platform thread that ends soon:
   * nothing brings it back.
   */
  public static void enter(int pid) {
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException("a virtual thread shares its carrier with others");
    }
    try (Fd network = Open.path("/proc/" + pid + "/ns/net", OpenFlags.READ);
        Fd.Lease lease = network.lease();
        Scratch scratch = Scratch.take()) {
      Kernel.check(
          scratch.call(Syscall.SETNS, lease.number(), NEWNET), Syscall.SETNS, "net of " + pid);
    }
  }
}
