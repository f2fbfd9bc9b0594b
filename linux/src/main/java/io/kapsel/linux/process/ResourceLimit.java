package io.kapsel.linux.process;

import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A soft and a hard limit, unsigned; see prlimit(2). */
public record ResourceLimit(long soft, long hard) {
  /** No limit. */
  public static final long INFINITY = -1;

  static final int SIZE = 16;

  /** The limit of a process; 0 is this one. */
  public static ResourceLimit get(int pid, Resource resource) {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment old = scratch.allocate(SIZE);
      long result = scratch.call(Syscall.PRLIMIT64, pid, resource.number(), 0, old.address());
      Kernel.check(result, Syscall.PRLIMIT64, resource);
      return new ResourceLimit(
          old.get(ValueLayout.JAVA_LONG, 0), old.get(ValueLayout.JAVA_LONG, 8));
    }
  }

  /** Makes this the limit of a process; 0 is this one. */
  public void set(int pid, Resource resource) {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment wanted = scratch.allocate(SIZE);
      wanted.set(ValueLayout.JAVA_LONG, 0, soft);
      wanted.set(ValueLayout.JAVA_LONG, 8, hard);
      long result = scratch.call(Syscall.PRLIMIT64, pid, resource.number(), wanted.address(), 0);
      Kernel.check(result, Syscall.PRLIMIT64, resource);
    }
  }
}
