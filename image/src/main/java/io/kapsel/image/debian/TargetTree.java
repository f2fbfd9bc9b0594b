package io.kapsel.image.debian;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The root file system that packages are unpacked into, side by side. Every path is looked up as if
 * the tree were the root: a merged {@code /usr} has links on the way, and none may lead out.
 */
final class TargetTree implements AutoCloseable {
  private static final int PLACE = OpenFlags.PATH | OpenFlags.DIRECTORY;

  private final Fd root;
  private final ReentrantLock directoriesLock;
  private final Map<String, Claim> directories;
  private final FileOwners owners;

  /** What a package says of a directory; of several packages, the first in their order counts. */
  private record Claim(int order, int mode, int uid, int gid) {}

  /** Takes over an open directory. */
  TargetTree(Fd root) {
    this.root = root;
    directoriesLock = new ReentrantLock();
    directories = new TreeMap<>();
    owners = new FileOwners();
  }

  private TargetTree(Fd root, TargetTree same) {
    this.root = root;
    directoriesLock = same.directoriesLock;
    directories = same.directories;
    owners = same.owners;
  }

  /** The same tree by another descriptor, as a confined thread has one; it stays the caller's. */
  TargetTree seenFrom(Fd other) {
    return new TargetTree(other.duplicate(), this);
  }

  /** The open directory. */
  Fd root() {
    return root;
  }

  /** The directory at a path; what is missing of it is made. */
  Fd directory(String path, int mode) {
    Optional<Fd> there = find(path);
    if (there.isPresent()) {
      return there.get();
    }
    int slash = path.lastIndexOf('/');
    try (Fd parent = directory(slash < 0 ? "" : path.substring(0, slash), 0755)) {
      Entries.ensureDirectory(parent, path.substring(slash + 1), mode);
    }
    return Open.openInRoot(root, path, OpenHow.of(PLACE));
  }

  /** The directory at a path, if there is one. */
  Optional<Fd> find(String path) {
    if (path.isEmpty()) {
      return Optional.of(root.duplicate());
    }
    try {
      return Optional.of(Open.openInRoot(root, path, OpenHow.of(PLACE)));
    } catch (SyscallException e) {
      if (e.isMissing()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Which package each file is of. */
  FileOwners owners() {
    return owners;
  }

  /** Notes what the package at a place in the order says of a directory. */
  void claim(String path, int order, int mode, int uid, int gid) {
    directoriesLock.lock();
    try {
      directories.merge(
          path,
          new Claim(order, mode, uid, gid),
          (one, other) -> one.order <= other.order ? one : other);
    } finally {
      directoriesLock.unlock();
    }
  }

  /** Gives all directories what was said of them, whichever package came first. */
  void settleDirectories() {
    directories.forEach((path, claim) -> {
      int slash = path.lastIndexOf('/');
      try (Fd parent = directory(slash < 0 ? "" : path.substring(0, slash), 0755)) {
        String name = path.isEmpty() ? "." : path.substring(slash + 1);
        if (Attributes.status(parent, name).type() == FileType.DIRECTORY) { // else a link to one
          try (Fd place = Open.at(parent, name, OpenHow.of(PLACE | OpenFlags.NO_FOLLOW))) {
            Attributes.own(place, claim.uid, claim.gid);
            Attributes.mode(place, claim.mode);
          }
        }
      }
    });
  }

  @Override
  public void close() {
    root.close();
  }
}
