package io.kapsel.linux.file;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads the names of an open directory, a batch at a time; see getdents64(2). */
final class DirectoryReader {
  static final int LENGTH = 16;
  static final int TYPE = 18;
  static final int NAME = 19;
  private static final int BATCH = 16 * 1024;

  private final Fd fd;

  DirectoryReader(Fd fd) {
    this.fd = fd;
  }

  /** A name as bytes. */
  static final class Raw {
    private final byte[] name;
    private final FileType type;
    private final long inode;

    Raw(byte[] name, FileType type, long inode) {
      this.name = name;
      this.type = type;
      this.inode = inode;
    }

    byte[] name() {
      return name;
    }

    FileType type() {
      return type;
    }

    long inode() {
      return inode;
    }
  }

  /** Some more names, none at the end. */
  List<Raw> next() {
    List<Raw> names = new ArrayList<>();
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment memory = scratch.buffer(BATCH);
      while (names.isEmpty()) {
        long count = scratch.call(Syscall.GETDENTS64, lease.number(), memory.address(), BATCH);
        if (Kernel.check(count, Syscall.GETDENTS64, fd) == 0) {
          break;
        }
        add(memory, count, names); // may be no more than . and ..
      }
    }
    return names;
  }

  /** Begins again. */
  void rewind() {
    Kernel.check(Kernel.call(Syscall.LSEEK, fd.number(), 0, 0), Syscall.LSEEK, fd);
  }

  private static void add(MemorySegment memory, long count, List<Raw> names) {
    for (long at = 0; at < count; ) {
      int length = Short.toUnsignedInt(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + LENGTH));
      byte[] name = name(memory, at + NAME, length - NAME);
      if (!isDots(name)) {
        FileType type = FileType.of(memory.get(ValueLayout.JAVA_BYTE, at + TYPE));
        names.add(new Raw(name, type, memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at)));
      }
      at += length;
    }
  }

  /** The name in a field that is filled up with zeros. */
  private static byte[] name(MemorySegment memory, long at, int most) {
    byte[] field = memory.asSlice(at, most).toArray(ValueLayout.JAVA_BYTE);
    int length = 0;
    while (field[length] != 0) {
      length++;
    }
    return Arrays.copyOf(field, length);
  }

  private static boolean isDots(byte[] name) {
    return name[0] == '.' && (name.length == 1 || (name.length == 2 && name[1] == '.'));
  }
}
