package io.kapsel.linux.file;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Instant;
import java.util.Optional;

/**
 * What belongs to a file besides its name and content. Links are never followed. The functions of a
 * descriptor alone also take one of {@link OpenFlags#PATH}.
 */
public final class Attributes {
  private static final int EMPTY_PATH = 0x1000;
  private static final int NO_FOLLOW = 0x100;
  private static final int BASIC_AND_MOUNT = 0x7ff | 0x1000;

  private Attributes() {}

  /** The status of an open file. */
  public static FileStatus status(Fd fd) {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment status = scratch.allocate(FileStatus.SIZE);
      Kernel.check(statx(scratch, fd, "", EMPTY_PATH, status), Syscall.STATX, fd);
      return FileStatus.in(status);
    }
  }

  /** The status of {@code name} in {@code dir}. */
  public static FileStatus status(Fd dir, String name) {
    return find(dir, name)
        .orElseThrow(() -> new io.kapsel.linux.SyscallException("statx", name, Errno.ENOENT));
  }

  /** The same; nothing when there is no such name. */
  public static Optional<FileStatus> find(Fd dir, String name) {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment status = scratch.allocate(FileStatus.SIZE);
      long result = statx(scratch, dir, name, NO_FOLLOW, status);
      if (result == -Errno.ENOENT.number()) {
        return Optional.empty();
      }
      Kernel.check(result, Syscall.STATX, name);
      return Optional.of(FileStatus.in(status));
    }
  }

  /** The file system that an open file is on. */
  public static FilesystemStatus filesystem(Fd fd) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment status = scratch.allocate(FilesystemStatus.SIZE);
      long result = scratch.call(Syscall.FSTATFS, lease.number(), status.address());
      Kernel.check(result, Syscall.FSTATFS, fd);
      return FilesystemStatus.in(status);
    }
  }

  /**
   * Gives an open file to an owner; -1 leaves that part. The kernel takes set-user-id bits away at
   * that, so set the mode afterwards.
   */
  public static void own(Fd fd, int uid, int gid) {
    own(fd, "", uid, gid, EMPTY_PATH);
  }

  /** Gives {@code name} in {@code dir} to an owner; -1 leaves that part. */
  public static void own(Fd dir, String name, int uid, int gid) {
    own(dir, name, uid, gid, NO_FOLLOW);
  }

  /** Sets the permission bits of an open file. */
  public static void mode(Fd fd, int mode) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      long result = scratch.call(Syscall.FCHMOD, lease.number(), mode);
      if (result == -Errno.EBADF.number()) { // a PATH descriptor
        result = scratch.call(Syscall.FCHMODAT, -100, scratch.text(proc(lease)), mode);
      }
      Kernel.check(result, Syscall.FCHMOD, fd);
    }
  }

  /** Sets the permissions of an entry, which must not be a link: that would be followed. */
  public static void mode(Fd dir, String name, int mode) {
    try (Fd.Lease lease = dir.lease();
        Scratch scratch = Scratch.take()) {
      long result = scratch.call(Syscall.FCHMODAT, lease.number(), scratch.text(name), mode);
      Kernel.check(result, Syscall.FCHMODAT, name);
    }
  }

  /** Sets when an open file was read and changed last; see utimensat(2). */
  public static void times(Fd fd, Instant read, Instant changed) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment times = scratch.allocate(32);
      put(times, 0, read);
      put(times, 16, changed);
      long result = scratch.call(Syscall.UTIMENSAT, lease.number(), 0, times.address(), 0);
      Kernel.check(result, Syscall.UTIMENSAT, fd);
    }
  }

  /** Sets when {@code name} in {@code dir} was read and changed last; see utimensat(2). */
  public static void times(Fd dir, String name, Instant read, Instant changed) {
    try (Fd.Lease lease = dir.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment times = scratch.allocate(32);
      put(times, 0, read);
      put(times, 16, changed);
      long result =
          scratch.call(
              Syscall.UTIMENSAT, lease.number(), scratch.text(name), times.address(), NO_FOLLOW);
      Kernel.check(result, Syscall.UTIMENSAT, name);
    }
  }

  /** The path by which other calls reach the file behind a descriptor. */
  static String proc(Fd.Lease lease) {
    return "/proc/self/fd/" + lease.number();
  }

  private static void put(MemorySegment times, int at, Instant time) {
    times.set(ValueLayout.JAVA_LONG, at, time.getEpochSecond());
    times.set(ValueLayout.JAVA_LONG, at + 8L, time.getNano());
  }

  private static void own(Fd dir, String name, int uid, int gid, int flags) {
    try (Fd.Lease lease = dir.lease();
        Scratch scratch = Scratch.take()) {
      long result =
          scratch.call(Syscall.FCHOWNAT, lease.number(), scratch.text(name), uid, gid, flags);
      Kernel.check(result, Syscall.FCHOWNAT, name.isEmpty() ? dir : name);
    }
  }

  private static long statx(Scratch scratch, Fd fd, String name, int flags, MemorySegment status) {
    try (Fd.Lease lease = fd.lease()) {
      return scratch.call(
          Syscall.STATX,
          lease.number(),
          scratch.text(name),
          flags,
          BASIC_AND_MOUNT,
          status.address());
    }
  }
}
