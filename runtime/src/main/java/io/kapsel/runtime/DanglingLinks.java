package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.RootDirectory;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Where a path leads whose links in the root lead to what is not there yet, such as {@code
 * /var/run} to a missing {@code /run}. The answer is only a wish: the launcher looks it up again,
 * and never leaves the root.
 */
final class DanglingLinks {
  private static final int MOST = 40;

  private DanglingLinks() {}

  /** The path itself where it exists, or where no link is in its way. */
  static String resolved(Path root, String path) {
    return Looks.at(() -> resolve(root, path));
  }

  private static String resolve(Path root, String path) {
    try (RootDirectory directory = RootDirectory.open(root.toString())) {
      Optional<Fd> there = directory.find(path, OpenFlags.PATH);
      there.ifPresent(Fd::close);
      return there.isPresent() ? path : walk(directory, path);
    } catch (SyscallException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP)) {
        return path; // the launch says what is wrong
      }
      throw e;
    }
  }

  private static String walk(RootDirectory directory, String path) {
    Deque<String> left = new ArrayDeque<>(List.of(path.split("/", -1)));
    Deque<String> done = new ArrayDeque<>();
    int links = 0;
    while (!left.isEmpty()) {
      String name = left.removeFirst();
      if (name.equals("..")) {
        done.pollLast();
      } else if (!name.isEmpty() && !name.equals(".")) {
        Optional<String> target = link(directory, "/" + String.join("/", done), name);
        if (target.isEmpty()) {
          done.addLast(name);
          continue;
        }
        if (++links > MOST) {
          return path;
        }
        if (target.get().startsWith("/")) {
          done.clear();
        }
        for (String each : List.of(target.get().split("/", -1)).reversed()) {
          left.addFirst(each);
        }
      }
    }
    return "/" + String.join("/", done);
  }

  private static Optional<String> link(RootDirectory directory, String parent, String name) {
    Optional<Fd> place = directory.find(parent, OpenFlags.PATH | OpenFlags.DIRECTORY);
    if (place.isEmpty()) {
      return Optional.empty();
    }
    try (Fd above = place.get()) {
      return Attributes.find(above, name)
          .map(FileStatus::type)
          .filter(FileType.LINK::equals)
          .map(_ -> Entries.readLink(above, name));
    }
  }
}
