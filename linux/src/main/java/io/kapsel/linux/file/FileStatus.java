package io.kapsel.linux.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Instant;

/**
 * What statx(2) tells about a file.
 *
 * @param mode without the type
 * @param modified when its content changed last, or what somebody said about that
 * @param changed when anything of it changed last, which nobody can set
 */
public record FileStatus(
    FileType type,
    int mode,
    int uid,
    int gid,
    long size,
    long blocks,
    long inode,
    int links,
    DeviceNumber filesystem,
    DeviceNumber device,
    Instant modified,
    Instant changed,
    long mountId) {
  static final int SIZE = 256;
  static final int LINKS = 16;
  static final int UID = 20;
  static final int GID = 24;
  static final int MODE = 28;
  static final int INODE = 32;
  static final int BYTES = 40;
  static final int BLOCKS = 48;
  static final int CHANGED = 96;
  static final int MODIFIED = 112;
  static final int DEVICE = 128;
  static final int FILESYSTEM = 136;
  static final int MOUNT = 144;

  private static final ValueLayout.OfInt HALF = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;

  /** Whether both tell of the same file. */
  public boolean sameFile(FileStatus other) {
    return inode == other.inode && filesystem.equals(other.filesystem);
  }

  static FileStatus in(MemorySegment statx) {
    int mode = Short.toUnsignedInt(statx.get(ValueLayout.JAVA_SHORT, MODE));
    return new FileStatus(
        FileType.ofMode(mode),
        mode & 07777,
        statx.get(HALF, UID),
        statx.get(HALF, GID),
        statx.get(WORD, BYTES),
        statx.get(WORD, BLOCKS),
        statx.get(WORD, INODE),
        statx.get(HALF, LINKS),
        number(statx, FILESYSTEM),
        number(statx, DEVICE),
        time(statx, MODIFIED),
        time(statx, CHANGED),
        statx.get(WORD, MOUNT));
  }

  private static Instant time(MemorySegment statx, int at) {
    return Instant.ofEpochSecond(statx.get(WORD, at), statx.get(HALF, at + 8));
  }

  private static DeviceNumber number(MemorySegment statx, int at) {
    return new DeviceNumber(statx.get(HALF, at), statx.get(HALF, at + 4));
  }
}
