package io.kapsel.engine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.nio.file.Path;

/** How much room the files of a tree take, by descriptors: what is in it leads nowhere else. */
final class Usage {
  private static final int DEEPEST = 255;
  private static final int SECTOR = 512;

  private long bytes;
  private long stored;

  private Usage() {}

  /**
   * Bytes of the files; one with several names counts a part for each of them. What vanishes
   * meanwhile is left out, and so is what lies deeper than a path can be written.
   */
  static long of(Path tree) {
    return count(tree).bytes;
  }

  /** The same without their holes. */
  static long stored(Path tree) {
    return count(tree).stored;
  }

  private static Usage count(Path tree) {
    Usage usage = new Usage();
    try (Fd top = Open.path(tree.toString(), OpenFlags.DIRECTORY)) {
      usage.add(top, 0);
    } catch (SyscallException _) {
      return usage; // it is gone
    }
    return usage;
  }

  private void add(Fd directory, int depth) {
    Entries.each(
        directory,
        entry -> {
          try {
            add(directory, entry.name(), depth);
          } catch (SyscallException _) {
            // removed meanwhile
          }
        });
  }

  private void add(Fd directory, String name, int depth) {
    FileStatus status = Attributes.status(directory, name);
    if (status.type() == FileType.REGULAR) {
      int names = Math.max(1, status.links());
      bytes += status.size() / names;
      stored += status.blocks() * SECTOR / names;
    } else if (status.type() == FileType.DIRECTORY && depth < DEEPEST) {
      try (Fd below = Open.directory(directory, name)) {
        add(below, depth + 1);
      }
    }
  }
}
