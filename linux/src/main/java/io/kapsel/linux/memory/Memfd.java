package io.kapsel.linux.memory;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;

/**
 * Files in memory that nobody can change any more; see memfd_create(2), F_ADD_SEALS in fcntl(2).
 *
 * <p>An executable one is the engine's own copy of a program: what a container does to files of the
 * host, or to {@code /proc/self/exe}, cannot reach it (CVE-2019-5736).
 */
public final class Memfd {
  private static final int CLOSE_ON_EXEC = 1;
  private static final int ALLOW_SEALING = 2;
  private static final int NO_EXEC_SEAL = 8; // since 6.3
  private static final int EXECUTABLE = 16; // since 6.3
  private static final int ADD_SEALS = 1033;
  private static final int GET_SEALS = 1034;
  private static final int SEAL_EXEC = 32;
  private static final int FIXED_SIZE = 1 | 2 | 4; // F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW
  private static final int CHUNK = 64 * 1024;

  /** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE: content and size are fixed. */
  public static final int ALL_SEALS = 15;

  private Memfd() {}

  /** A file with that content, which cannot be executed where the kernel can forbid it. */
  public static Fd sealed(String name, byte[] content) {
    return make(name, content, NO_EXEC_SEAL);
  }

  /** A program with that content; its executable bit is sealed, too, where the kernel can. */
  public static Fd executable(String name, byte[] content) {
    return make(name, content, EXECUTABLE);
  }

  /** A file of zeros that keeps its size, for whoever is handed it to write into. */
  public static Fd room(String name, int size) {
    Fd fd = create(name, NO_EXEC_SEAL);
    try {
      long result = Kernel.call(Syscall.FTRUNCATE, fd.number(), size);
      Kernel.check(result, Syscall.FTRUNCATE, name);
      result = Kernel.call(Syscall.FCNTL, fd.number(), ADD_SEALS, FIXED_SIZE);
      Kernel.check(result, "fcntl", name);
      return fd;
    } catch (RuntimeException | Error e) {
      fd.close();
      throw e;
    }
  }

  /** The seals of a file; F_GET_SEALS. */
  public static int seals(Fd fd) {
    return (int) Kernel.check(Kernel.call(Syscall.FCNTL, fd.number(), GET_SEALS), "fcntl", fd);
  }

  private static Fd make(String name, byte[] content, int kind) {
    Fd fd = create(name, kind);
    try {
      fill(fd, name, content);
      seal(fd, name, kind);
      return fd;
    } catch (RuntimeException | Error e) {
      fd.close();
      throw e;
    }
  }

  private static Fd create(String name, int kind) {
    try (Scratch scratch = Scratch.take()) {
      int flags = CLOSE_ON_EXEC | ALLOW_SEALING;
      long label = scratch.text(name);
      long fd = scratch.call(Syscall.MEMFD_CREATE, label, flags | kind);
      if (fd == -Errno.EINVAL.number()) {
        fd = scratch.call(Syscall.MEMFD_CREATE, label, flags); // before 6.3
      }
      return Fd.adopt((int) Kernel.check(fd, Syscall.MEMFD_CREATE, name));
    }
  }

  private static void fill(Fd fd, String name, byte[] content) {
    int done = 0;
    while (done < content.length) {
      try (Scratch scratch = Scratch.take()) {
        int length = Math.min(CHUNK, content.length - done);
        long memory = scratch.copy(content, done, length).address();
        long count = scratch.call(Syscall.WRITE, fd.number(), memory, length);
        done += (int) Kernel.check(count, Syscall.WRITE, name);
      }
    }
  }

  private static void seal(Fd fd, String name, int kind) {
    long result = -Errno.EINVAL.number();
    if (kind == EXECUTABLE) {
      result = Kernel.call(Syscall.FCNTL, fd.number(), ADD_SEALS, ALL_SEALS | SEAL_EXEC);
    }
    if (result == -Errno.EINVAL.number()) {
      result = Kernel.call(Syscall.FCNTL, fd.number(), ADD_SEALS, ALL_SEALS);
    }
    Kernel.check(result, "fcntl", name);
  }
}
