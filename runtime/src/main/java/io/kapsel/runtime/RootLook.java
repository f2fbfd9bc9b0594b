package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import io.kapsel.linux.file.RootDirectory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** What planning must know of a root file system, looked up without ever leaving it. */
final class RootLook {
  private static final int MOST = 1 << 20;

  private RootLook() {}

  /** Whether there is a directory of the host at a path. */
  static boolean isDirectory(Path path) {
    return Looks.at(() -> findDirectory(path));
  }

  private static boolean findDirectory(Path path) {
    try (Fd place = Open.path(path.toString(), OpenFlags.PATH)) {
      return Attributes.status(place).type() == FileType.DIRECTORY;
    } catch (SyscallException e) {
      return false; // opening it for the launch says why
    }
  }

  /** Whether there is a directory at a place below another, which no link leads out of. */
  static boolean isDirectoryBelow(Path above, String place) {
    return Looks.at(() -> findBelow(above, place));
  }

  private static boolean findBelow(Path above, String place) {
    try (Fd root = Open.path(above.toString(), OpenFlags.PATH);
        Fd found = Open.openBeneath(root, place, OpenHow.of(OpenFlags.PATH))) {
      return Attributes.status(found).type() == FileType.DIRECTORY;
    } catch (SyscallException e) {
      return false; // opening it for the launch says why
    }
  }

  /** Whether there is anything of the host at a path. */
  static boolean isThere(Path path) {
    return Looks.at(() -> find(path));
  }

  private static boolean find(Path path) {
    try (Fd place = Open.path(path.toString(), OpenFlags.PATH)) {
      return place.number() >= 0;
    } catch (SyscallException e) {
      return false; // opening it for the launch says why
    }
  }

  /** Whether the path itself is a link. */
  static boolean isLink(Path path) {
    return Looks.at(() -> findLink(path));
  }

  private static boolean findLink(Path path) {
    try (Fd place = Open.path(path.toString(), OpenFlags.PATH | OpenFlags.NO_FOLLOW)) {
      return Attributes.status(place).type() == FileType.LINK;
    } catch (SyscallException e) {
      return false; // opening it for the launch says why
    }
  }

  /** Whether two paths of the host lead to the same file. */
  static boolean same(String one, String other) {
    return Looks.at(() -> compare(one, other));
  }

  private static boolean compare(String one, String other) {
    try (Fd first = Open.path(one, OpenFlags.PATH);
        Fd second = Open.path(other, OpenFlags.PATH)) {
      return Attributes.status(first).sameFile(Attributes.status(second));
    } catch (SyscallException e) {
      return false; // joining it says why
    }
  }

  /** The permission bits of what is at a path; nothing where there is nothing. */
  static Optional<Integer> mode(Path root, String path) {
    return Looks.at(() -> findMode(root, path));
  }

  private static Optional<Integer> findMode(Path root, String path) {
    try (RootDirectory directory = RootDirectory.open(root.toString())) {
      Optional<Fd> found = directory.find(path, OpenFlags.PATH);
      if (found.isEmpty()) {
        return Optional.empty();
      }
      try (Fd place = found.get()) {
        return Optional.of(Attributes.status(place).mode());
      }
    } catch (SyscallException e) {
      return nothing(e);
    }
  }

  /** The home directory of a user by the root's own list; see passwd(5). */
  static Optional<String> home(Path root, long uid) {
    return Looks.at(() -> findHome(root, uid));
  }

  private static Optional<String> findHome(Path root, long uid) {
    try (RootDirectory directory = RootDirectory.open(root.toString())) {
      return directory
          .read("/etc/passwd", MOST)
          .flatMap(text ->
              new String(text, StandardCharsets.UTF_8)
                  .lines()
                  .map(line -> line.split(":", -1))
                  .filter(parts -> parts.length > 5 && parts[2].equals(Long.toString(uid)))
                  .map(parts -> parts[5])
                  .findFirst());
    } catch (SyscallException e) {
      return nothing(e);
    }
  }

  /** The launch itself will say what is wrong with the root. */
  private static <T> Optional<T> nothing(SyscallException e) {
    if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP) || e.is(Errno.EINVAL)) {
      return Optional.empty();
    }
    throw e;
  }
}
