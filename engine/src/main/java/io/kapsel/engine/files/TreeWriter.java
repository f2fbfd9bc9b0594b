package io.kapsel.engine.files;

import io.kapsel.image.tar.MemberName;
import io.kapsel.image.tar.TarEntry;
import io.kapsel.image.tar.TarReader;
import io.kapsel.image.tar.Xattrs;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import io.kapsel.linux.file.RootDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Writes the members of a tar archive below a directory of a root file system. Links lead where
 * they lead for a process whose root that is, so never out of it; the file system may change
 * meanwhile as it likes. A directory never takes the place of something else, nor the other way
 * round.
 */
public final class TreeWriter {
  private static final int BUFFER = 1 << 16;
  private static final int MOST_ENTRIES = 5_000_000;
  private static final int PLACE = OpenFlags.PATH | OpenFlags.DIRECTORY;
  private static final OpenHow NEW =
      OpenHow.of(OpenFlags.WRITE | OpenFlags.EXCLUSIVE | OpenFlags.NO_FOLLOW)
          .creating(0600)
          .resolving(OpenHow.BENEATH | OpenHow.NO_LINKS);
  private static final OpenHow OVER =
      OpenHow.of(
              OpenFlags.WRITE | OpenFlags.TRUNCATE | OpenFlags.NO_FOLLOW | OpenFlags.NON_BLOCKING)
          .resolving(OpenHow.BENEATH | OpenHow.NO_LINKS);

  private final RootDirectory root;
  private final String below;
  private final String shown;
  private final Ids ids;
  private final byte[] buffer = new byte[BUFFER];
  private final Map<String, Instant> directories = new LinkedHashMap<>();

  private TreeWriter(RootDirectory root, String below, String shown, Ids ids) {
    this.root = root;
    this.below = below;
    this.shown = shown.equals("/") ? "" : shown;
    this.ids = ids;
  }

  /**
   * Writes all members below a directory, which is there.
   *
   * @param below the directory, seen from {@code root}
   * @param shown how the user calls it
   */
  public static void write(InputStream tar, Fd root, String below, String shown, Ids ids)
      throws IOException {
    try (RootDirectory top = RootDirectory.of(root.duplicate())) {
      new TreeWriter(top, below, shown, ids).all(new TarReader(tar));
    } catch (SyscallException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private void all(TarReader tar) throws IOException {
    int count = 0;
    for (TarEntry entry; (entry = tar.next()) != null; ) {
      if (++count > MOST_ENTRIES) {
        throw new IOException("the archive has more than 5,000,000 members");
      }
      String path = MemberName.clean(entry.name());
      try {
        member(path, entry, tar);
      } catch (SyscallException e) {
        throw new IOException("'" + shown(path) + "': " + e.getMessage(), e);
      }
    }
    directories.forEach(this::setTime);
  }

  private String shown(String path) {
    return shown + "/" + path;
  }

  private void member(String path, TarEntry entry, TarReader tar) throws IOException {
    if (path.isEmpty()) {
      return; // the directory itself, which stays as it is
    }
    String above = below + "/" + MemberName.above(path);
    String name = MemberName.last(path);
    try (Fd parent = root.makeDirectories(above, 0755)) {
      switch (entry.type()) {
        case DIRECTORY -> directory(parent, name, path, entry);
        case FILE -> file(parent, name, path, entry, tar);
        case SYMLINK -> {
          clear(parent, name, path);
          Entries.symlink(entry.link(), parent, name);
          own(parent, name, entry);
          Attributes.times(parent, name, entry.modified(), entry.modified());
        }
        case HARD_LINK -> hardLink(parent, name, path, MemberName.clean(entry.link()));
        case FIFO -> {
          clear(parent, name, path);
          Entries.makeNode(parent, name, FileType.FIFO, entry.mode(), new DeviceNumber(0, 0));
          own(parent, name, entry);
        }
        case CHARACTER_DEVICE, BLOCK_DEVICE -> {} // never from an archive
      }
    }
  }

  private void directory(Fd parent, String name, String path, TarEntry entry) throws IOException {
    if (!Entries.ensureDirectory(parent, name, 0700)
        && Attributes.status(parent, name).type() != FileType.DIRECTORY) {
      throw new IOException(
          "cannot overwrite non-directory \"%s\" with directory \"%s\""
              .formatted(shown(path), shown));
    }
    try (Fd open = Open.directory(parent, name)) {
      finish(open, entry);
    }
    directories.put(path, entry.modified());
  }

  private void file(Fd parent, String name, String path, TarEntry entry, TarReader tar)
      throws IOException {
    boolean busy = !clear(parent, name, path);
    try (Fd file = Open.at(parent, name, busy ? OVER : NEW)) {
      if (entry.segments().isEmpty()) {
        copy(tar, file, Long.MAX_VALUE, -1);
      } else {
        Content.truncate(file, entry.size());
        for (TarEntry.Segment segment : entry.segments()) {
          copy(tar, file, segment.length(), segment.offset());
        }
      }
      finish(file, entry);
    }
    Attributes.times(parent, name, entry.modified(), entry.modified());
  }

  /** Copies at most that much, to an offset or to where the file stands. */
  private void copy(TarReader tar, Fd file, long most, long offset) throws IOException {
    long done = 0;
    while (done < most) {
      int count = tar.read(buffer, 0, (int) Math.min(BUFFER, most - done));
      if (count <= 0) {
        return;
      }
      if (offset < 0) {
        Content.write(file, buffer, 0, count);
      } else {
        Content.writeAt(file, offset + done, java.util.Arrays.copyOf(buffer, count));
      }
      done += count;
    }
  }

  private void hardLink(Fd parent, String name, String path, String target) throws IOException {
    String above = below + "/" + MemberName.above(target);
    try (Fd other = root.open(above, PLACE)) {
      Optional<FileStatus> there = Attributes.find(parent, name);
      if (there.isPresent()
          && there.get().sameFile(Attributes.status(other, MemberName.last(target)))) {
        return;
      }
      clear(parent, name, path);
      Entries.link(other, MemberName.last(target), parent, name);
    }
  }

  /** Takes away what has that name; false when something is mounted there, which stays. */
  private boolean clear(Fd parent, String name, String path) throws IOException {
    Optional<FileStatus> there = Attributes.find(parent, name);
    if (there.filter(it -> it.type() == FileType.DIRECTORY).isPresent()) {
      throw new IOException(
          "cannot overwrite directory \"%s\" with non-directory \"%s\""
              .formatted(shown(path), shown));
    }
    try {
      boolean _ = there.isPresent() && Entries.unlink(parent, name);
      return true;
    } catch (SyscallException e) {
      if (e.isBusy()) {
        return false;
      }
      throw e;
    }
  }

  /** The owner first: giving a file away takes bits of its mode, and its capabilities. */
  private void finish(Fd open, TarEntry entry) throws IOException {
    Attributes.own(open, ids.user(entry.uid()), ids.group(entry.gid()));
    Attributes.mode(open, entry.mode() & 07777);
    for (Map.Entry<String, byte[]> each : entry.xattrs().entrySet()) {
      if (Xattrs.isKept(each.getKey(), each.getValue())) {
        ExtendedAttributes.set(open, each.getKey(), each.getValue());
      }
    }
  }

  private void own(Fd parent, String name, TarEntry entry) throws IOException {
    Attributes.own(parent, name, ids.user(entry.uid()), ids.group(entry.gid()));
  }

  /** Last, because each name that is made in a directory changes its time. */
  private void setTime(String path, Instant modified) {
    Optional<Fd> parent = root.find(below + "/" + MemberName.above(path), PLACE);
    if (parent.isPresent()) {
      try (Fd open = parent.get()) {
        Attributes.times(open, MemberName.last(path), modified, modified);
      } catch (SyscallException e) {
        if (!e.isMissing()) { // else it was removed meanwhile
          throw e;
        }
      }
    }
  }
}
