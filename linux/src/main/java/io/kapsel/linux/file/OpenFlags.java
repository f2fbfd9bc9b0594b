package io.kapsel.linux.file;

import io.kapsel.linux.Abi;

/** The flags of open(2). Some differ between architectures; these are those of this process. */
public final class OpenFlags {
  private static final boolean ARM = Abi.host() == Abi.AARCH64;

  /** O_RDONLY. */
  public static final int READ = 0;

  /** O_WRONLY. */
  public static final int WRITE = 1;

  /** O_RDWR. */
  public static final int READ_WRITE = 2;

  /** O_CREAT. */
  public static final int CREATE = 0x40;

  /** O_EXCL. */
  public static final int EXCLUSIVE = 0x80;

  /** O_NOCTTY. */
  public static final int NO_TERMINAL = 0x100;

  /** O_TRUNC. */
  public static final int TRUNCATE = 0x200;

  /** O_APPEND. */
  public static final int APPEND = 0x400;

  /** O_NONBLOCK. */
  public static final int NON_BLOCKING = 0x800;

  /** O_DIRECTORY: fail unless it is a directory. */
  public static final int DIRECTORY = ARM ? 0x4000 : 0x10000;

  /** O_NOFOLLOW: fail if the last component is a link. */
  public static final int NO_FOLLOW = ARM ? 0x8000 : 0x20000;

  /** O_CLOEXEC; every function here adds it. */
  public static final int CLOSE_ON_EXEC = 0x80000;

  /** O_PATH: a place, not its content. */
  public static final int PATH = 0x200000;

  /** O_TMPFILE: a file without a name in that directory. */
  public static final int TEMPORARY = 0x400000 | DIRECTORY;

  private OpenFlags() {}
}
