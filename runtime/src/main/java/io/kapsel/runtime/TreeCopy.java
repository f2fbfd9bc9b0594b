package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import io.kapsel.linux.file.RootDirectory;
import java.util.Optional;

/**
 * A new file system that begins as a copy of a directory of the root ({@code tmpcopyup}). The
 * directory is somebody else's: every name is taken by descriptor, no link is followed.
 */
final class TreeCopy {
  private static final int DEEPEST = 256;
  private static final int CHUNK = 64 * 1024;

  private TreeCopy() {}

  /** {@code described}: the root, the place in it, then what {@link HostFilesystem} takes. */
  static Fd mount(String described) {
    String[] parts = described.split("\n", 3);
    Fd mount = HostFilesystem.mount(parts[2]);
    try (RootDirectory root = RootDirectory.open(parts[0])) {
      Optional<Fd> place = root.find(parts[1], OpenFlags.PATH | OpenFlags.DIRECTORY);
      if (place.isPresent()) {
        try (Fd from = place.get();
            Fd to = Open.at(mount, ".", OpenHow.of(OpenFlags.DIRECTORY))) {
          own(to, Attributes.status(from));
          copy(from, to, 0);
        }
      }
      return mount;
    } catch (SyscallException e) {
      mount.close();
      throw new LaunchException(
          LaunchException.Kind.FAILED,
          "cannot copy '" + parts[1] + "' of the root: " + e.getMessage());
    } catch (RuntimeException | Error e) {
      mount.close();
      throw e;
    }
  }

  private static void copy(Fd from, Fd to, int depth) {
    if (depth > DEEPEST) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED, "a directory to copy is deeper than " + DEEPEST);
    }
    for (Entries.Entry entry : Entries.list(from)) {
      FileStatus status = Attributes.status(from, entry.name());
      switch (status.type()) {
        case DIRECTORY -> directory(from, to, entry.name(), status, depth);
        case REGULAR -> file(from, to, entry.name(), status);
        case LINK -> {
          Entries.symlink(Entries.readLink(from, entry.name()), to, entry.name());
          Attributes.own(to, entry.name(), status.uid(), status.gid());
        }
        case BLOCK_DEVICE, CHARACTER_DEVICE, FIFO, SOCKET -> {
          Entries.makeNode(to, entry.name(), status.type(), status.mode(), status.device());
          Attributes.own(to, entry.name(), status.uid(), status.gid());
        }
        default -> {}
      }
    }
  }

  private static void directory(Fd from, Fd to, String name, FileStatus status, int depth) {
    Entries.makeDirectory(to, name, 0700);
    try (Fd source = Open.directory(from, name);
        Fd target = Open.directory(to, name)) {
      copy(source, target, depth + 1);
      own(target, status);
    }
  }

  private static void file(Fd from, Fd to, String name, FileStatus status) {
    int plain = OpenFlags.NO_FOLLOW | OpenFlags.NON_BLOCKING;
    OpenHow make = OpenHow.of(OpenFlags.WRITE | OpenFlags.CREATE | plain).creating(0600);
    try (Fd source = Open.openBeneath(from, name, OpenHow.of(OpenFlags.READ | plain));
        Fd target = Open.openBeneath(to, name, make)) {
      if (Attributes.status(source).type() != FileType.REGULAR) {
        return; // it was something else a moment ago
      }
      byte[] chunk = new byte[CHUNK];
      for (int count; (count = Content.read(source, chunk, 0, chunk.length)) > 0; ) {
        Content.write(target, chunk, 0, count);
      }
      own(target, status);
    }
  }

  /** The owner first: changing it takes the setuid bit away. */
  private static void own(Fd place, FileStatus status) {
    Attributes.own(place, status.uid(), status.gid());
    Attributes.mode(place, status.mode());
  }
}
