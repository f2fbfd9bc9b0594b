package io.kapsel.linux.file;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An exact copy of a tree that nobody changes meanwhile: owners, modes, times, extended attributes,
 * hard links, device nodes and holes. Files share their blocks where the file system can do that,
 * see ioctl_ficlone(2); else the kernel copies them. No link is followed.
 */
public final class TreeClone {
  private static final long FICLONE = 0x40049409L;
  private static final long SEEK_SET = 0;
  private static final long SEEK_DATA = 3;
  private static final long SEEK_HOLE = 4;
  private static final long MOST_AT_ONCE = 1L << 30;
  private static final int DEEPEST = 1024;

  private final Fd top;
  private final Map<List<Object>, String> links = new HashMap<>();
  private boolean shares = true;

  private TreeClone(Fd top) {
    this.top = top;
  }

  /** Makes the empty directory {@code to} a copy of the directory {@code from}. */
  public static void copy(Fd from, Fd to) {
    new TreeClone(to).directory(from, to, "", 0);
    attributes(from, to);
  }

  /** Gives one directory the owner, mode, times and attributes of another. */
  private static void attributes(Fd from, Fd to) {
    FileStatus status = Attributes.status(from);
    for (String name : ExtendedAttributes.list(from)) {
      ExtendedAttributes.get(from, name)
          .ifPresent(value -> ExtendedAttributes.set(to, name, value));
    }
    // The owner first: changing it takes set-user-id bits away, and capabilities of files.
    Attributes.own(to, status.uid(), status.gid());
    ExtendedAttributes.get(from, "security.capability")
        .ifPresent(value -> ExtendedAttributes.set(to, "security.capability", value));
    Attributes.mode(to, status.mode());
    Attributes.times(to, status.modified(), status.modified());
  }

  private void directory(Fd from, Fd to, String path, int depth) {
    if (depth > DEEPEST) {
      throw new SyscallException("copy", path, Errno.ELOOP);
    }
    for (Entries.Entry entry : Entries.list(from)) {
      entry(from, to, entry.name(), path, depth);
    }
  }

  private void entry(Fd from, Fd to, String name, String path, int depth) {
    FileStatus status = Attributes.status(from, name);
    if (status.type() == FileType.DIRECTORY) {
      Entries.makeDirectory(to, name, 0700);
      try (Fd source = Open.directory(from, name);
          Fd target = Open.directory(to, name)) {
        directory(source, target, path + name + "/", depth + 1);
        attributes(source, target);
      }
      return;
    }
    if (status.links() > 1) {
      List<Object> identity = List.of(status.filesystem(), status.inode());
      String first = links.putIfAbsent(identity, path + name);
      if (first != null) {
        Entries.link(top, first, to, name);
        return;
      }
    }
    switch (status.type()) {
      case REGULAR -> file(from, to, name);
      case LINK -> {
        Entries.symlink(Entries.readLink(from, name), to, name);
        special(from, to, name, status);
      }
      case BLOCK_DEVICE, CHARACTER_DEVICE, FIFO, SOCKET -> {
        Entries.makeNode(to, name, status.type(), 0, status.device());
        special(from, to, name, status);
        Attributes.mode(to, name, status.mode());
      }
      case DIRECTORY, UNKNOWN -> {}
    }
  }

  private static void special(Fd from, Fd to, String name, FileStatus status) {
    Attributes.own(to, name, status.uid(), status.gid());
    OpenHow place = OpenHow.of(OpenFlags.PATH | OpenFlags.NO_FOLLOW);
    try (Fd source = Open.at(from, name, place);
        Fd target = Open.at(to, name, place)) {
      for (String key : ExtendedAttributes.list(source)) {
        ExtendedAttributes.get(source, key)
            .ifPresent(value -> ExtendedAttributes.set(target, key, value));
      }
    }
    Attributes.times(to, name, status.modified(), status.modified());
  }

  private void file(Fd from, Fd to, String name) {
    int plain = OpenFlags.NO_FOLLOW | OpenFlags.NON_BLOCKING;
    OpenHow make = OpenHow.of(OpenFlags.WRITE | OpenFlags.CREATE | plain).creating(0600);
    try (Fd source = Open.openBeneath(from, name, OpenHow.of(OpenFlags.READ | plain));
        Fd target = Open.openBeneath(to, name, make)) {
      shares = shares && shared(source, target);
      if (!shares) {
        content(source, target, Attributes.status(source).size());
      }
      attributes(source, target);
    }
  }

  private static boolean shared(Fd source, Fd target) {
    try (Fd.Lease in = source.lease();
        Fd.Lease out = target.lease()) {
      return !Kernel.failed(Kernel.call(Syscall.IOCTL, out.number(), FICLONE, in.number()));
    }
  }

  /** What is a hole stays one. */
  private static void content(Fd source, Fd target, long size) {
    Content.truncate(target, size);
    try (Fd.Lease in = source.lease();
        Fd.Lease out = target.lease()) {
      long at = seek(in, 0, SEEK_DATA);
      while (at >= 0 && at < size) {
        long end = Math.min(seek(in, at, SEEK_HOLE), size);
        piece(in, out, at, end);
        at = seek(in, end, SEEK_DATA);
      }
    }
  }

  private static long move(Fd.Lease in, Fd.Lease out, long most) {
    try (Scratch scratch = Scratch.take()) {
      return scratch.call(Syscall.COPY_FILE_RANGE, in.number(), 0, out.number(), 0, most, 0);
    }
  }

  /** Negative behind the last data. */
  private static long seek(Fd.Lease file, long from, long what) {
    long result = Kernel.call(Syscall.LSEEK, file.number(), from, what);
    return result == -Errno.ENXIO.number()
        ? -1
        : Kernel.check(result, Syscall.LSEEK, "a file to copy");
  }

  private static void piece(Fd.Lease in, Fd.Lease out, long from, long end) {
    seek(in, from, SEEK_SET);
    seek(out, from, SEEK_SET);
    for (long left = end - from; left > 0; ) {
      long count = move(in, out, Math.min(left, MOST_AT_ONCE));
      if (Kernel.check(count, Syscall.COPY_FILE_RANGE, "a file to copy") == 0) {
        return; // it has become shorter
      }
      left -= count;
    }
  }
}
