package io.kapsel.linux.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What fstatfs(2) tells about a file system. */
public record FilesystemStatus(
    long type,
    long blockSize,
    long blocks,
    long available,
    long files,
    long freeFiles,
    long flags) {
  /** The type of proc. */
  public static final long PROC = 0x9fa0;

  /** The type of tmpfs. */
  public static final long TMPFS = 0x01021994;

  /** The type of overlay. */
  public static final long OVERLAY = 0x794c7630;

  /** The type of the second version of cgroups. */
  public static final long CGROUP2 = 0x63677270;

  static final int SIZE = 120;
  static final int BLOCKS = 16;
  static final int AVAILABLE = 32;
  static final int FILES = 40;
  static final int FLAGS = 80;

  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;

  /** The bytes that unprivileged users may still write. */
  public long availableBytes() {
    return available * blockSize;
  }

  /** Whether nothing can be written, by the file system or by this mount of it: ST_RDONLY. */
  public boolean isReadOnly() {
    return (flags & 1) != 0;
  }

  static FilesystemStatus in(MemorySegment statfs) {
    return new FilesystemStatus(
        statfs.get(WORD, 0),
        statfs.get(WORD, 8),
        statfs.get(WORD, BLOCKS),
        statfs.get(WORD, AVAILABLE),
        statfs.get(WORD, FILES),
        statfs.get(WORD, FILES + 8),
        statfs.get(WORD, FLAGS));
  }
}
