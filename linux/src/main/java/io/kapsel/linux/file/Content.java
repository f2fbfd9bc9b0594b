package io.kapsel.linux.file;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads and writes files: regular ones and those of proc, sysfs and cgroups. Pipes, sockets and
 * terminals would block; see {@link io.kapsel.linux.poll.Stream} for them.
 */
public final class Content {
  private static final int CHUNK = 64 * 1024;
  private static final int BEGIN_WRITING = 2; // SYNC_FILE_RANGE_WRITE
  private static final int SHARED = 1; // LOCK_SH
  private static final int EXCLUSIVE_NO_WAIT = 2 | 4; // LOCK_EX | LOCK_NB
  private static final int SEEK_DATA = 3;
  private static final int PUNCH_HOLE = 1 | 2; // FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE

  private Content() {}

  /** Reads at the file's position; -1 at the end. */
  public static int read(Fd fd, byte[] bytes, int from, int length) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      int wanted = Math.min(length, CHUNK);
      MemorySegment memory = scratch.buffer(wanted);
      long count = scratch.call(Syscall.READ, lease.number(), memory.address(), wanted);
      return taken(memory, Kernel.check(count, Syscall.READ, fd), bytes, from, length);
    }
  }

  /** Reads at that offset; -1 at the end. */
  public static int readAt(Fd fd, long offset, byte[] bytes, int from, int length) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      int wanted = Math.min(length, CHUNK);
      MemorySegment memory = scratch.buffer(wanted);
      long count = scratch.call(Syscall.PREAD64, lease.number(), memory.address(), wanted, offset);
      return taken(memory, Kernel.check(count, Syscall.PREAD64, fd), bytes, from, length);
    }
  }

  /** Reads up to the end; fails with EFBIG when there are more than {@code most} bytes. */
  public static byte[] readAll(Fd fd, int most) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] chunk = new byte[Math.min(most + 1, 8192)];
    for (int count; (count = read(fd, chunk, 0, chunk.length)) >= 0; ) {
      all.write(chunk, 0, count);
      if (all.size() > most) {
        throw new SyscallException("read", fd, Errno.EFBIG);
      }
    }
    return all.toByteArray();
  }

  /** Reads a whole file; fails with EFBIG when there are more than {@code most} bytes. */
  public static byte[] readAll(Fd dir, String path, int most) {
    try (Fd fd = Open.at(dir, path, OpenHow.of(OpenFlags.READ | OpenFlags.NON_BLOCKING))) {
      return readAll(fd, most);
    }
  }

  /** Writes all of it at the file's position. */
  public static void write(Fd fd, byte[] bytes, int from, int length) {
    int done = 0;
    while (done < length) {
      try (Fd.Lease lease = fd.lease();
          Scratch scratch = Scratch.take()) {
        int wanted = Math.min(length - done, CHUNK);
        long memory = scratch.copy(bytes, from + done, wanted).address();
        long count = scratch.call(Syscall.WRITE, lease.number(), memory, wanted);
        done += (int) Kernel.check(count, Syscall.WRITE, fd);
      }
    }
  }

  /** Writes all of it at that offset. */
  public static void writeAt(Fd fd, long offset, byte[] bytes) {
    int done = 0;
    while (done < bytes.length) {
      try (Fd.Lease lease = fd.lease();
          Scratch scratch = Scratch.take()) {
        int wanted = Math.min(bytes.length - done, CHUNK);
        long memory = scratch.copy(bytes, done, wanted).address();
        long count = scratch.call(Syscall.PWRITE64, lease.number(), memory, wanted, offset + done);
        done += (int) Kernel.check(count, Syscall.PWRITE64, fd);
      }
    }
  }

  /** Writes it by one call into an existing file of the kernel, which takes a value at a time. */
  public static void put(Fd dir, String path, String value) {
    try (Fd fd = Open.at(dir, path, OpenHow.of(OpenFlags.WRITE));
        Scratch scratch = Scratch.take()) {
      byte[] bytes = io.kapsel.linux.RawText.encode(value);
      long memory = scratch.copy(bytes).address();
      long count = scratch.call(Syscall.WRITE, fd.number(), memory, bytes.length);
      Kernel.check(count, Syscall.WRITE, path);
    }
  }

  /** Cuts or extends the file to that length. */
  public static void truncate(Fd fd, long length) {
    try (Fd.Lease lease = fd.lease()) {
      long result = Kernel.call(Syscall.FTRUNCATE, lease.number(), length);
      Kernel.check(result, Syscall.FTRUNCATE, fd);
    }
  }

  /** Where the next data is at or behind {@code from}; -1 when only holes follow. See lseek(2). */
  public static long nextData(Fd fd, long from) {
    try (Fd.Lease lease = fd.lease()) {
      long result = Kernel.call(Syscall.LSEEK, lease.number(), from, SEEK_DATA);
      return result == -Errno.ENXIO.number() ? -1 : Kernel.check(result, Syscall.LSEEK, fd);
    }
  }

  /** Makes a hole, which reads as zeros; where the file system has none, zeros. */
  public static void punch(Fd fd, long offset, int length) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      int number = lease.number();
      long result = scratch.call(Syscall.FALLOCATE, number, PUNCH_HOLE, offset, length);
      if (result == -Errno.EOPNOTSUPP.number()) {
        writeAt(fd, offset, new byte[length]);
      } else {
        Kernel.check(result, Syscall.FALLOCATE, fd);
      }
    }
  }

  /** Returns when content and status are on the disk. This takes milliseconds. */
  public static void sync(Fd fd) {
    try (Fd.Lease lease = fd.lease()) {
      Kernel.check(Kernel.call(Syscall.FSYNC, lease.number()), Syscall.FSYNC, fd);
    }
  }

  /** Returns when all of the file system that it is on is on the disk; see syncfs(2). */
  public static void syncFilesystem(Fd fd) {
    try (Fd.Lease lease = fd.lease()) {
      Kernel.check(Kernel.call(Syscall.SYNCFS, lease.number()), Syscall.SYNCFS, fd);
    }
  }

  /** Begins to bring what was written there to the disk; see sync_file_range(2). */
  public static void beginSync(Fd fd, long offset, long length) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      int number = lease.number();
      long result = scratch.call(Syscall.SYNC_FILE_RANGE, number, offset, length, BEGIN_WRITING);
      Kernel.check(result, Syscall.SYNC_FILE_RANGE, fd);
    }
  }

  /**
   * Takes a lock of an open file (flock(2)) that others may have, too; waits while one is
   * exclusive.
   */
  public static void share(Fd fd) {
    try (Fd.Lease lease = fd.lease()) {
      Kernel.check(Kernel.call(Syscall.FLOCK, lease.number(), SHARED), Syscall.FLOCK, fd);
    }
  }

  /** Takes the exclusive lock of an open file (flock(2)) if nobody has it; whether it did. */
  public static boolean tryLock(Fd fd) {
    try (Fd.Lease lease = fd.lease()) {
      long result = Kernel.call(Syscall.FLOCK, lease.number(), EXCLUSIVE_NO_WAIT);
      if (result == -Errno.EAGAIN.number()) {
        return false;
      }
      Kernel.check(result, Syscall.FLOCK, fd);
      return true;
    }
  }

  private static int taken(MemorySegment memory, long count, byte[] bytes, int from, int length) {
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, bytes, from, (int) count);
    return count == 0 && length > 0 ? -1 : (int) count;
  }
}
