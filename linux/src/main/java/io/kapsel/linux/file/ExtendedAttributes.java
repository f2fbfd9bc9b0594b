package io.kapsel.linux.file;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.RawText;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Extended attributes of open files, also of those opened with PATH; see xattr(7). */
public final class ExtendedAttributes {
  private static final int LONGEST = 64 * 1024;

  private ExtendedAttributes() {}

  /** The value, if the file has that attribute. */
  public static Optional<byte[]> get(Fd fd, String name) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment value = scratch.buffer(LONGEST);
      long key = scratch.text(name);
      long length =
          call(scratch, lease, Syscall.FGETXATTR, Syscall.GETXATTR, key, value.address(), LONGEST);
      if (length == -Errno.ENODATA.number()) {
        return Optional.empty();
      }
      Kernel.check(length, Syscall.GETXATTR, name);
      return Optional.of(value.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
    }
  }

  /** Sets or replaces it. */
  public static void set(Fd fd, String name, byte[] value) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      long memory = scratch.copy(value).address();
      long key = scratch.text(name);
      long result =
          call(scratch, lease, Syscall.FSETXATTR, Syscall.SETXATTR, key, memory, value.length);
      Kernel.check(result, Syscall.SETXATTR, name);
    }
  }

  /** Removes it; false when the file did not have it. */
  public static boolean remove(Fd fd, String name) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      long key = scratch.text(name);
      long result = call(scratch, lease, Syscall.FREMOVEXATTR, Syscall.REMOVEXATTR, key, 0, 0);
      if (result == -Errno.ENODATA.number()) {
        return false;
      }
      Kernel.check(result, Syscall.REMOVEXATTR, name);
      return true;
    }
  }

  /** The names of all that the file has. */
  public static List<String> list(Fd fd) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment names = scratch.buffer(LONGEST);
      long address = names.address();
      long length =
          call(scratch, lease, Syscall.FLISTXATTR, Syscall.LISTXATTR, address, LONGEST, 0);
      Kernel.check(length, Syscall.LISTXATTR, fd);
      return split(names.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
    }
  }

  /** By the descriptor itself, or by way of proc when it was opened with PATH. */
  private static long call(
      Scratch scratch, Fd.Lease lease, Syscall direct, Syscall byPath, long a, long b, long c) {
    long result = scratch.call(direct, lease.number(), a, b, c);
    return result == -Errno.EBADF.number()
        ? scratch.call(byPath, scratch.text(Attributes.proc(lease)), a, b, c)
        : result;
  }

  private static List<String> split(byte[] names) {
    List<String> list = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < names.length; i++) {
      if (names[i] == 0) {
        list.add(RawText.decode(names, start, i));
        start = i + 1;
      }
    }
    return list;
  }
}
