package io.kapsel.linux.confine;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.capability.CapabilitySet;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Takes rights away from the calling thread alone, for ever: never on a thread that does anything
 * else afterwards. The kernel keeps all of this per thread; only C libraries pretend otherwise.
 */
final class OwnThread {
  private static final int NEW_MOUNT_NAMESPACE = 0x20000;
  private static final int OWN_DIRECTORIES = 0x200; // CLONE_FS
  private static final int CAPABILITY_VERSION = 0x20080522;
  private static final int FILTER = 1; // SECCOMP_SET_MODE_FILTER
  private static final int INSTRUCTION = 8;
  private static final int CURRENT_DIRECTORY = -100;
  private static final int ATTACH_DESCRIPTOR = 0x4; // MOVE_MOUNT_F_EMPTY_PATH
  private static final int DETACH = 2;
  private static final int SET_SECURE_BITS = 28;
  private static final int NO_SETUID_FIXUP = 4;
  private static final long NOBODY = 0xffff_ffffL;

  private OwnThread() {}

  /** A root, a working directory and a mount table of its own; see unshare(2). */
  static void unshareMounts() {
    long result = Kernel.call(Syscall.UNSHARE, NEW_MOUNT_NAMESPACE | OWN_DIRECTORIES);
    Kernel.check(result, Syscall.UNSHARE, null);
  }

  /** A root and a working directory of its own, which entering mounts takes. */
  static void unshareDirectories() {
    Kernel.check(Kernel.call(Syscall.UNSHARE, OWN_DIRECTORIES), Syscall.UNSHARE, null);
  }

  /** Has the mounts of another process, and its root; see setns(2). */
  static void enterMounts(Fd namespace) {
    try (Fd.Lease lease = namespace.lease()) {
      long result = Kernel.call(Syscall.SETNS, lease.number(), NEW_MOUNT_NAMESPACE);
      Kernel.check(result, Syscall.SETNS, namespace);
    }
  }

  /**
   * What it makes from now on belongs to that user and group; its rights over what others have
   * stay. Whoever makes files where users are mapped must be one that has a number there.
   */
  static void makeAs(int id) {
    if (id == 0) {
      return;
    }
    long result = Kernel.call(Syscall.PRCTL, SET_SECURE_BITS, NO_SETUID_FIXUP);
    Kernel.check(result, Syscall.PRCTL, "PR_SET_SECUREBITS");
    long user = Integer.toUnsignedLong(id);
    Kernel.check(Kernel.call(Syscall.SETFSGID, user), Syscall.SETFSGID, id);
    Kernel.check(Kernel.call(Syscall.SETFSUID, user), Syscall.SETFSUID, id);
    if (Kernel.call(Syscall.SETFSUID, NOBODY) != user) { // it never fails, but tells who it is
      throw new SyscallException("setfsuid", id, Errno.EPERM);
    }
  }

  /** What it makes has the rights that it says, whatever those of others have; after the above. */
  static void clearUmask() {
    Kernel.check(Kernel.call(Syscall.UMASK, 0), Syscall.UMASK, null);
  }

  /** Makes a detached mount the root, and takes all others out of the table; pivot_root(2). */
  static void pivotInto(Fd mount) {
    try (Scratch scratch = Scratch.take()) {
      long here = scratch.text(".");
      long nothing = scratch.text("");
      long root = scratch.text("/");
      Kernel.check(
          scratch.call(
              Syscall.MOVE_MOUNT,
              mount.number(),
              nothing,
              CURRENT_DIRECTORY,
              root,
              ATTACH_DESCRIPTOR),
          Syscall.MOVE_MOUNT,
          "/");
      Kernel.check(scratch.call(Syscall.FCHDIR, mount.number()), Syscall.FCHDIR, mount);
      Kernel.check(scratch.call(Syscall.PIVOT_ROOT, here, here), Syscall.PIVOT_ROOT, ".");
      Kernel.check(scratch.call(Syscall.UMOUNT2, here, DETACH), Syscall.UMOUNT2, "the old root");
    }
  }

  /** Gives up all capabilities but these; see capset(2). */
  static void keepOnly(CapabilitySet kept) {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment header = scratch.allocate(8);
      header.set(ValueLayout.JAVA_INT, 0, CAPABILITY_VERSION);
      MemorySegment sets = scratch.allocate(24);
      long result = scratch.call(Syscall.CAPGET, header.address(), sets.address());
      Kernel.check(result, Syscall.CAPGET, null);
      long permitted =
          Integer.toUnsignedLong(sets.get(ValueLayout.JAVA_INT, 4))
              | Integer.toUnsignedLong(sets.get(ValueLayout.JAVA_INT, 16)) << 32;
      long left = permitted & kept.mask();
      sets.fill((byte) 0);
      for (int half = 0; half < 2; half++) {
        int bits = (int) (left >>> (32 * half));
        sets.set(ValueLayout.JAVA_INT, 12L * half, bits);
        sets.set(ValueLayout.JAVA_INT, 12L * half + 4, bits);
      }
      result = scratch.call(Syscall.CAPSET, header.address(), sets.address());
      Kernel.check(result, Syscall.CAPSET, null);
    }
  }

  /** Lets a filter of {@code struct sock_filter}s decide on all further calls; see seccomp(2). */
  static void filter(byte[] instructions) {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment program = scratch.allocate(16);
      program.set(ValueLayout.JAVA_SHORT, 0, (short) (instructions.length / INSTRUCTION));
      program.set(ValueLayout.JAVA_LONG, 8, scratch.copy(instructions).address());
      long result = scratch.call(Syscall.SECCOMP, FILTER, 0, program.address());
      Kernel.check(result, Syscall.SECCOMP, null);
    }
  }
}
