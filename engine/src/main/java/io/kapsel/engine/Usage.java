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
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/** How much room the files of a tree take, by descriptors: what is in it leads nowhere else. */
final class Usage {
  private static final int DEEPEST = 256;
  private static final int SECTOR = 512;

  private final Set<Long> counted = new HashSet<>();
  private long bytes;
  private long stored;

  private Usage() {}

  /** Bytes of the files, each counted once; what vanishes meanwhile is left out. */
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
      usage.add(top);
    } catch (SyscallException _) {
      return usage; // it is gone
    }
    return usage;
  }

  private void add(Fd top) {
    Deque<Fd> open = new ArrayDeque<>();
    open.push(top.duplicate());
    try {
      while (!open.isEmpty()) {
        try (Fd directory = open.pop()) {
          list(directory, open);
        }
      }
    } finally {
      open.forEach(Fd::close);
    }
  }

  private void list(Fd directory, Deque<Fd> open) {
    for (Entries.Entry entry : Entries.list(directory)) {
      try {
        FileStatus status = Attributes.status(directory, entry.name());
        if (status.type() == FileType.DIRECTORY) {
          Fd below = Open.directory(directory, entry.name());
          if (open.size() < DEEPEST) {
            open.push(below);
          } else {
            try (below) {
              add(below);
            }
          }
        } else if (status.type() == FileType.REGULAR
            && (status.links() == 1 || counted.add(status.inode()))) {
          bytes += status.size();
          stored += status.blocks() * SECTOR;
        }
      } catch (SyscallException _) {
        // removed meanwhile
      }
    }
  }
}
