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
      long path = scratch.text(Attributes.proc(lease));
      long length =
          scratch.call(Syscall.GETXATTR, path, scratch.text(name), value.address(), LONGEST);
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
      long path = scratch.text(Attributes.proc(lease));
      long memory = scratch.copy(value).address();
      long result =
          scratch.call(Syscall.SETXATTR, path, scratch.text(name), memory, value.length, 0);
      Kernel.check(result, Syscall.SETXATTR, name);
    }
  }

  /** Removes it; false when the file did not have it. */
  public static boolean remove(Fd fd, String name) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      long path = scratch.text(Attributes.proc(lease));
      long result = scratch.call(Syscall.REMOVEXATTR, path, scratch.text(name));
      if (result == -Errno.ENODATA.number()) {
        return false;
      }
      Kernel.check(result, Syscall.REMOVEXATTR, name);
      return true;
    }
  }

  /** The names of all. */
  public static List<String> list(Fd fd) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment names = scratch.buffer(LONGEST);
      long path = scratch.text(Attributes.proc(lease));
      long length = scratch.call(Syscall.LISTXATTR, path, names.address(), LONGEST);
      Kernel.check(length, Syscall.LISTXATTR, fd);
      return split(names.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
    }
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
