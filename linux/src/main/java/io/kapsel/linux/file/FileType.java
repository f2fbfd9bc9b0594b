package io.kapsel.linux.file;

/** What kind of thing a name stands for; see inode(7). */
public enum FileType {
  /** A file system that does not tell in listings. */
  UNKNOWN(0),
  /** A named pipe. */
  FIFO(1),
  /** A character device. */
  CHARACTER_DEVICE(2),
  /** A directory. */
  DIRECTORY(4),
  /** A block device. */
  BLOCK_DEVICE(6),
  /** A regular file. */
  REGULAR(8),
  /** A symbolic link. */
  LINK(10),
  /** A socket. */
  SOCKET(12);

  private final int number;

  FileType(int number) {
    this.number = number;
  }

  /** The bits that stand for it in a mode, such as S_IFDIR. */
  public int bits() {
    return number << 12;
  }

  /** The type in a mode. */
  public static FileType ofMode(int mode) {
    return of((mode >> 12) & 15);
  }

  static FileType of(int number) {
    return switch (number) {
      case 1 -> FIFO;
      case 2 -> CHARACTER_DEVICE;
      case 4 -> DIRECTORY;
      case 6 -> BLOCK_DEVICE;
      case 8 -> REGULAR;
      case 10 -> LINK;
      case 12 -> SOCKET;
      default -> UNKNOWN;
    };
  }
}
