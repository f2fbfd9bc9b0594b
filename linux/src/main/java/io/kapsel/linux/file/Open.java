package io.kapsel.linux.file;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;

/**
 * Opens files; see openat2(2), since 5.6. Every descriptor is close-on-exec. Names may hold any
 * bytes ({@link io.kapsel.linux.RawText}). Opening a FIFO can block: add NON_BLOCKING where the
 * name is not ours.
 */
public final class Open {
  private static final int ATTEMPTS = 128;

  private Open() {}

  /** Opens a path that is ours; links are followed. */
  public static Fd path(String path, int flags) {
    return at(Fd.CWD, path, OpenHow.of(flags));
  }

  /** The same; a new file gets {@code mode}, less the umask. */
  public static Fd create(String path, int flags, int mode) {
    return at(Fd.CWD, path, OpenHow.of(flags).creating(mode));
  }

  /** Opens {@code path} seen from {@code dir}, as {@code how} says. */
  public static Fd at(Fd dir, String path, OpenHow how) {
    return Fd.adopt((int) Kernel.check(tryAt(dir, path, how), Syscall.OPENAT2, path));
  }

  /** Opens {@code path} without leaving {@code dir}, also not through a link. */
  public static Fd openBeneath(Fd dir, String path, OpenHow how) {
    return at(dir, path, how.resolving(OpenHow.BENEATH | OpenHow.NO_MAGIC_LINKS));
  }

  /** Opens {@code path} as a process would whose root directory is {@code root}. */
  public static Fd openInRoot(Fd root, String path, OpenHow how) {
    return at(root, path, how.resolving(OpenHow.IN_ROOT | OpenHow.NO_MAGIC_LINKS));
  }

  /** Opens the directory {@code name} of {@code dir} for listing; no link, no path. */
  public static Fd directory(Fd dir, String name) {
    OpenHow how = OpenHow.of(OpenFlags.DIRECTORY | OpenFlags.NO_FOLLOW);
    return at(dir, name, how.resolving(OpenHow.BENEATH | OpenHow.NO_LINKS));
  }

  /**
   * The descriptor or the negative errno. The kernel answers EAGAIN when something was renamed or
   * mounted while it checked a way with {@code ..}; an attacker could do that for ever.
   */
  static long tryAt(Fd dir, String path, OpenHow how) {
    try (Fd.Lease lease = dir.lease();
        Scratch scratch = Scratch.take()) {
      long name = scratch.text(path);
      long structure = how.in(scratch).address();
      long result = -Errno.EAGAIN.number();
      for (int i = 0; i < ATTEMPTS && result == -Errno.EAGAIN.number(); i++) {
        result = scratch.call(Syscall.OPENAT2, lease.number(), name, structure, OpenHow.SIZE);
      }
      return result;
    }
  }
}
