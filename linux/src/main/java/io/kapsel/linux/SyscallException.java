package io.kapsel.linux;

import org.jspecify.annotations.Nullable;

/**
 * A system call failed. The message is {@code openat2 '/x/y': no such file or directory (ENOENT)}.
 */
public final class SyscallException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String call;
  private final String subject;
  private final transient Errno errno;

  /** A failure of {@code call} on {@code subject}, which is what the caller named, or null. */
  public SyscallException(String call, @Nullable Object subject, Errno errno) {
    super(subject == null ? call + ": " + errno : call + " '" + subject + "': " + errno);
    this.call = call;
    this.subject = subject == null ? "" : subject.toString();
    this.errno = errno;
  }

  /** The name of the system call. */
  public String call() {
    return call;
  }

  /** What it was done to, or nothing. */
  public String subject() {
    return subject;
  }

  /** What the kernel answered. */
  public Errno errno() {
    return errno;
  }

  /** Whether the kernel answered that. */
  public boolean is(Errno other) {
    return errno.equals(other);
  }

  /** Whether there is nothing at that path. */
  public boolean isMissing() {
    return is(Errno.ENOENT);
  }

  /** Whether a disk or this process ran out of something, so that the same may succeed later. */
  public boolean isShortage() {
    return is(Errno.ENOSPC)
        || is(Errno.EDQUOT)
        || is(Errno.ENOMEM)
        || is(Errno.EMFILE)
        || is(Errno.ENFILE)
        || is(Errno.EIO)
        || is(Errno.EROFS);
  }

  /** Whether this process has as many files open as it may. */
  public boolean isOutOfDescriptors() {
    return is(Errno.EMFILE) || is(Errno.ENFILE);
  }

  /** Whether the descriptor was closed meanwhile. */
  public boolean isClosed() {
    return is(Errno.EBADF);
  }

  /** Whether what was there is gone, or something else has its name. */
  public boolean isReplaced() {
    return isMissing() || is(Errno.ELOOP) || is(Errno.ENOTDIR);
  }

  /** Whether something uses it that keeps it from being taken away, such as a mount. */
  public boolean isBusy() {
    return is(Errno.EBUSY);
  }

  /** Whether a mount cannot show owners as others, as some file systems cannot. */
  public boolean isNotMappable() {
    return is(Errno.EINVAL) || is(Errno.EPERM);
  }

  /** Whether the file system has no such thing. */
  public boolean isUnsupported() {
    return is(Errno.EOPNOTSUPP);
  }
}
