package io.kapsel.image.tar;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import io.kapsel.linux.file.Trees;

/**
 * Makes what an archive has, with owner, rights, attributes and time, in as few calls as that
 * takes: an archive has a hundred thousand members, and each call for each of them counts.
 *
 * <p>Most members belong to root and have plain rights, so they are right as they are created: the
 * umask of a confined thread is 0. That holds until something is inherited from a directory.
 */
final class Nodes {
  private static final String INHERITED_RIGHTS = "system.posix_acl_default";
  private static final int SET_GROUP = 02000;
  private static final int SPECIAL = 07000;
  private static final int UNSEEN = 0600;
  private static final DeviceNumber NONE = new DeviceNumber(0, 0);

  private boolean inherits;

  /** Of what lies below {@code root}. */
  Nodes(Fd root) {
    inherits = ExtendedAttributes.list(root).contains(INHERITED_RIGHTS);
  }

  /** What lies in a directory with these rights may belong to its group. */
  void inherit(int mode) {
    inherits |= (mode & SET_GROUP) != 0;
  }

  /**
   * Makes a directory, or gives one that is there the owner, rights and attributes that are said.
   *
   * @return whether it has taken the place of a whiteout
   */
  boolean directory(Fd parent, String name, TarEntry entry) {
    boolean plain = isPlain(entry) && entry.xattrs().isEmpty();
    inherit(entry.mode());
    if (Entries.ensureDirectory(parent, name, plain ? entry.mode() : 0700)) {
      if (plain) {
        own(parent, name, entry);
        return false;
      }
      return finishDirectory(parent, name, entry);
    }
    boolean hidden = false;
    FileStatus there = Attributes.status(parent, name);
    if (there.type() != FileType.DIRECTORY) {
      hidden = isWhiteout(there);
      Entries.unlink(parent, name);
      Entries.makeDirectory(parent, name, 0700);
    }
    finishDirectory(parent, name, entry);
    return hidden;
  }

  private boolean finishDirectory(Fd parent, String name, TarEntry entry) {
    try (Fd made = Open.directory(parent, name)) {
      finish(made, entry);
    }
    return false;
  }

  static boolean isWhiteout(FileStatus status) {
    return status.type() == FileType.CHARACTER_DEVICE && status.device().equals(NONE);
  }

  /** Makes an empty file, which {@link #finishFile} makes complete. */
  Fd file(Fd parent, String name, TarEntry entry) {
    OpenHow how =
        OpenHow.of(OpenFlags.WRITE | OpenFlags.CREATE | OpenFlags.EXCLUSIVE)
            .resolving(OpenHow.BENEATH | OpenHow.NO_LINKS)
            .creating(isPlain(entry) ? entry.mode() : UNSEEN);
    try {
      return Open.at(parent, name, how);
    } catch (SyscallException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
      remove(parent, name);
      return Open.at(parent, name, how);
    }
  }

  void finishFile(Fd file, TarEntry entry) {
    if (isPlain(entry)) {
      if (!isRoots(entry)) {
        Attributes.own(file, (int) entry.uid(), (int) entry.gid());
      }
      attributes(file, entry);
    } else {
      finish(file, entry);
    }
    Attributes.times(file, entry.modified(), entry.modified());
  }

  void symlink(Fd parent, String name, TarEntry entry) {
    try {
      Entries.symlink(entry.link(), parent, name);
    } catch (SyscallException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
      remove(parent, name);
      Entries.symlink(entry.link(), parent, name);
    }
    own(parent, name, entry);
    Attributes.times(parent, name, entry.modified(), entry.modified());
  }

  /** Gives a file a second name; nothing happens when it has that name. */
  void link(Fd from, String old, Fd parent, String name) {
    try {
      Entries.link(from, old, parent, name);
    } catch (SyscallException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
      if (!Attributes.status(parent, name).sameFile(Attributes.status(from, old))) {
        remove(parent, name);
        Entries.link(from, old, parent, name);
      }
    }
  }

  void fifo(Fd parent, String name, TarEntry entry) {
    remove(parent, name);
    Entries.makeNode(parent, name, FileType.FIFO, UNSEEN, NONE);
    own(parent, name, entry);
    Attributes.mode(parent, name, entry.mode());
    Attributes.times(parent, name, entry.modified(), entry.modified());
  }

  /** The owner first: changing it takes the set-user-ID bit and file capabilities away. */
  void finish(Fd made, TarEntry entry) {
    inherit(entry.mode());
    Attributes.own(made, (int) entry.uid(), (int) entry.gid());
    Attributes.mode(made, entry.mode());
    attributes(made, entry);
  }

  private static void attributes(Fd made, TarEntry entry) {
    entry
        .xattrs()
        .forEach((name, value) -> {
          if (Xattrs.isKept(name, value)) {
            ExtendedAttributes.set(made, name, value);
          }
        });
  }

  private void own(Fd parent, String name, TarEntry entry) {
    if (inherits || !isRoots(entry)) {
      Attributes.own(parent, name, (int) entry.uid(), (int) entry.gid());
    }
  }

  private static boolean isRoots(TarEntry entry) {
    return entry.uid() == 0 && entry.gid() == 0;
  }

  private boolean isPlain(TarEntry entry) {
    return !inherits && (entry.mode() & SPECIAL) == 0;
  }

  private static void remove(Fd parent, String name) {
    Attributes.find(parent, name)
        .ifPresent(status -> {
          if (status.type() == FileType.DIRECTORY) {
            Trees.delete(parent, name);
          } else {
            Entries.unlink(parent, name);
          }
        });
  }
}
