package io.kapsel.linux.process;

import io.kapsel.linux.Kernel;
import io.kapsel.linux.RawText;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What uname(2) tells. */
public record Uname(String system, String host, String release, String version, String machine) {
  static final int FIELD = 65;
  static final int SIZE = 6 * FIELD;

  /** Of this kernel. */
  public static Uname read() {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment names = scratch.allocate(SIZE);
      Kernel.check(scratch.call(Syscall.UNAME, names.address()), Syscall.UNAME, null);
      return new Uname(
          field(names, 0), field(names, 1), field(names, 2), field(names, 3), field(names, 4));
    }
  }

  /** Whether the release is at least that one. */
  public boolean atLeast(int major, int minor) {
    String[] parts = release.split("[^0-9]+", 3);
    int ownMajor = Integer.parseInt(parts[0]);
    int ownMinor = Integer.parseInt(parts[1]);
    return ownMajor > major || (ownMajor == major && ownMinor >= minor);
  }

  private static String field(MemorySegment names, int index) {
    byte[] bytes = names.asSlice((long) index * FIELD, FIELD).toArray(ValueLayout.JAVA_BYTE);
    int end = 0;
    while (bytes[end] != 0) {
      end++;
    }
    return RawText.decode(bytes, 0, end);
  }
}
