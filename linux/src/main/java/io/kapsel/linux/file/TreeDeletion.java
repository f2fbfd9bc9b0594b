package io.kapsel.linux.file;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.RawText;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Empties an open directory.
 *
 * <p>It goes down by descriptors, which leads nowhere else whatever is renamed meanwhile. Going up
 * again by {@code ..} would not be that safe, so the way back is kept open; and because descriptors
 * are few, a directory below {@link #DEEPEST} is not entered but moved up to the top, under a name
 * that nobody can foresee, where it is found again later. So a tree of any depth is done with
 * DEEPEST descriptors and lists.
 */
final class TreeDeletion {
  static final int REMOVE_DIRECTORY = 0x200;

  private static final int DEEPEST = 48;
  private static final int PASSES = 64;
  private static final int MOVE_ATTEMPTS = 16;

  private final List<Level> levels = new ArrayList<>();
  private final String prefix = ".deleted-" + UUID.randomUUID() + "-";
  private long moved;

  TreeDeletion(Fd top) {
    levels.add(new Level(top, new byte[0]));
  }

  void run() {
    try {
      while (step()) {
        // until the top is empty
      }
    } finally {
      levels.subList(1, levels.size()).forEach(level -> level.fd.close());
    }
  }

  /** Does the next thing in the deepest directory; false when the top is empty. */
  private boolean step() {
    Level level = levels.getLast();
    byte[] directory = level.nextDirectory();
    if (directory == null) {
      return levels.size() == 1 ? level.again() : leave(level);
    }
    if (levels.size() < DEEPEST) {
      enter(level, directory);
    } else {
      moveUp(level.fd, directory);
    }
    return true;
  }

  private void enter(Level parent, byte[] name) {
    try {
      levels.add(new Level(open(parent.fd, name), name));
    } catch (SyscallException e) {
      if (e.is(Errno.ENOTDIR)) { // replaced meanwhile
        check(unlink(parent.fd, name, 0), name);
      } else if (!e.is(Errno.ENOENT)) {
        throw e;
      }
    }
  }

  private boolean leave(Level level) {
    Level parent = levels.get(levels.size() - 2);
    long result = unlink(parent.fd, level.name, REMOVE_DIRECTORY);
    if (result == -Errno.ENOTEMPTY.number() && level.again()) {
      return true;
    }
    check(result, level.name);
    levels.removeLast();
    level.fd.close();
    return true;
  }

  private void moveUp(Fd from, byte[] name) {
    Fd top = levels.getFirst().fd;
    for (int attempt = 0; ; attempt++) {
      long result;
      try (Scratch scratch = Scratch.take()) {
        long old = text(scratch, name);
        long fresh = scratch.text(prefix + moved++);
        result =
            scratch.call(
                Syscall.RENAMEAT2, from.number(), old, top.number(), fresh, Entries.NO_REPLACE);
      }
      if (result != -Errno.EEXIST.number() || attempt == MOVE_ATTEMPTS) {
        check(result, name);
        levels.getFirst().passes = 0;
        return;
      }
    }
  }

  private static void check(long result, byte[] name) {
    if (result != -Errno.ENOENT.number()) {
      Kernel.check(result, "unlinkat", RawText.decode(name));
    }
  }

  /** Whether a failure to unlink may be due to its being a directory. */
  static boolean mayBeDirectory(long result) {
    return result == -Errno.EISDIR.number() || result == -Errno.EPERM.number();
  }

  static long unlink(Fd dir, byte[] name, int flags) {
    try (Fd.Lease lease = dir.lease();
        Scratch scratch = Scratch.take()) {
      return scratch.call(Syscall.UNLINKAT, lease.number(), text(scratch, name), flags);
    }
  }

  /** Opens a directory that is neither a link nor a mount point, and that its owner has closed. */
  static Fd open(Fd dir, byte[] name) {
    String text = RawText.decode(name);
    OpenHow how =
        OpenHow.of(OpenFlags.DIRECTORY | OpenFlags.NO_FOLLOW)
            .resolving(OpenHow.BENEATH | OpenHow.NO_LINKS | OpenHow.NO_CROSSING);
    long fd = Open.tryAt(dir, text, how);
    if (fd == -Errno.EACCES.number()) {
      OpenHow path = new OpenHow(how.flags() | OpenFlags.PATH, 0, how.resolve());
      try (Fd place = Open.at(dir, text, path)) {
        Attributes.mode(place, 0700);
      }
      fd = Open.tryAt(dir, text, how);
    }
    if (fd == -Errno.ELOOP.number()) { // a link: for us no directory
      fd = -Errno.ENOTDIR.number();
    }
    return Fd.adopt((int) Kernel.check(fd, Syscall.OPENAT2, text));
  }

  private static long text(Scratch scratch, byte[] name) {
    var memory = scratch.allocate(name.length + 1L);
    java.lang.foreign.MemorySegment.copy(
        name, 0, memory, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, name.length);
    return memory.address();
  }

  /** A directory on the way down. */
  private static final class Level {
    private final Fd fd;
    private final byte[] name;
    private final DirectoryReader reader;
    private final Deque<DirectoryReader.Raw> batch = new ArrayDeque<>();
    private boolean found;
    private int passes;

    Level(Fd fd, byte[] name) {
      this.fd = fd;
      this.name = name;
      this.reader = new DirectoryReader(fd);
    }

    /** The next directory in it; what comes before it and is none is removed. */
    byte @Nullable [] nextDirectory() {
      while (true) {
        DirectoryReader.Raw next = next();
        if (next == null) {
          return null;
        }
        found = true;
        if (next.type() == FileType.DIRECTORY) {
          return next.name();
        }
        long result = unlink(fd, next.name(), 0);
        if (Kernel.failed(result) && mayBeDirectory(result) && next.type() == FileType.UNKNOWN) {
          return next.name();
        }
        check(result, next.name());
      }
    }

    /** Begins again if the last pass found anything; fails when that never ends. */
    boolean again() {
      if (!found) {
        return false;
      }
      if (++passes > PASSES) {
        throw new SyscallException("rmdir", RawText.decode(name), Errno.ENOTEMPTY);
      }
      found = false;
      reader.rewind();
      return true;
    }

    private DirectoryReader.@Nullable Raw next() {
      if (batch.isEmpty()) {
        batch.addAll(reader.next());
      }
      return batch.poll();
    }
  }
}
