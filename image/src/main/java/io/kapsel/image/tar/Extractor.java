package io.kapsel.image.tar;

import io.kapsel.linux.Errno;
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
import io.kapsel.linux.host.Overlayfs;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes the members of an archive below one directory, and nowhere else whatever they are called:
 * every step goes by a descriptor of the parent, opened as if the directory were the root, and one
 * name.
 *
 * <p>As a layer, {@code .wh.} names become what overlayfs understands: a character device 0:0 hides
 * a name, an attribute makes a directory opaque; see image-spec, layer.md, "Whiteouts". Nothing in
 * an archive can make these itself: devices are never unpacked (a container's come from its own
 * /dev), and the attributes of overlayfs are left out.
 */
public final class Extractor {
  /** What to do with names that begin with {@code .wh.}. */
  public enum Form {
    /** They are names like any other. */
    TREE,
    /** They say what the layer takes away. */
    LAYER
  }

  /**
   * What came of it.
   *
   * @param bytes of all files
   * @param entries members of the archive
   * @param impliedDirectories whether a member stood in a directory that the archive does not have:
   *     on top of other layers, that directory's owner and mode are those of the layer below
   */
  public record Extracted(long bytes, int entries, boolean impliedDirectories) {}

  private static final String WHITEOUT = ".wh.";
  private static final int BUFFER = 1 << 16;
  private static final int MOST_ENTRIES = 5_000_000;
  private static final int IN_ROOT = OpenHow.IN_ROOT | OpenHow.NO_MAGIC_LINKS;

  private final Fd root;
  private final Form form;
  private final byte[] buffer = new byte[BUFFER];
  private final Map<String, Map<String, Instant>> directoryTimes = new LinkedHashMap<>();
  private final Parents parents;
  private final Nodes nodes;
  private long bytes;

  private Extractor(Fd root, Form form, List<Fd> lowers) {
    this.root = root;
    this.form = form;
    this.nodes = new Nodes(root);
    this.parents = new Parents(root, lowers, nodes);
  }

  /** Unpacks a plain archive into {@code root}, an open directory that nobody else uses. */
  public static Extracted extract(InputStream plain, Fd root, Form form) throws IOException {
    return extract(plain, root, form, List.of());
  }

  /**
   * The same on top of other layers, the upper ones first: a directory that the archive only
   * implies gets its attributes from them, and links of theirs on the way are followed.
   */
  public static Extracted extract(InputStream plain, Fd root, Form form, List<Fd> lowers)
      throws IOException {
    return Unpacker.run(
        plain, root, lowers, (in, inside, below) -> unconfined(in, inside, form, below));
  }

  /** The same on the calling thread, which these rules alone keep inside. */
  static Extracted unconfined(InputStream plain, Fd root, Form form, List<Fd> lowers)
      throws IOException {
    Extractor extractor = new Extractor(root, form, lowers);
    try {
      return extractor.extract(new TarReader(plain));
    } catch (SyscallException e) {
      throw new IOException(e.getMessage(), e);
    } finally {
      extractor.parents.close();
    }
  }

  private Extracted extract(TarReader tar) throws IOException {
    Attributes.mode(root, 0755);
    int count = 0;
    for (TarEntry entry; (entry = tar.next()) != null; ) {
      if (++count > MOST_ENTRIES) {
        throw new TarException("it has more than 5,000,000 members");
      }
      try {
        member(entry, tar);
      } catch (SyscallException e) {
        throw new IOException("'" + MemberName.shown(entry.name()) + "': " + e.getMessage(), e);
      }
    }
    parents.close();
    setDirectoryTimes();
    return new Extracted(bytes, count, parents.implied());
  }

  private void member(TarEntry entry, TarReader tar) throws IOException {
    String path = MemberName.clean(entry.name());
    if (path.isEmpty()) {
      if (entry.type() == TarEntry.Type.DIRECTORY) {
        nodes.finish(root, entry);
        note("", ".", entry);
      }
      return;
    }
    String name = MemberName.last(path);
    String above = above(path);
    Fd parent = parents.open(above);
    if (form == Form.LAYER && name.startsWith(WHITEOUT)) {
      hide(parent, name.substring(WHITEOUT.length()));
      return;
    }
    Map<String, Instant> times = directoryTimes.get(above);
    if (times != null) {
      times.remove(name); // of a directory whose place it takes
    }
    switch (entry.type()) {
      case DIRECTORY -> directory(parent, name, path, entry);
      case FILE -> file(parent, name, entry, tar);
      case HARD_LINK -> link(MemberName.clean(entry.link()), parent, name);
      case SYMLINK -> symlink(parent, name, entry);
      case FIFO -> nodes.fifo(parent, name, entry);
      case CHARACTER_DEVICE, BLOCK_DEVICE -> {} // never from an archive
    }
  }

  private void hide(Fd parent, String name) throws IOException {
    if (name.equals(WHITEOUT + ".opq")) {
      try (Fd directory = Open.at(parent, ".", OpenHow.of(OpenFlags.DIRECTORY))) {
        opaque(directory);
      }
      return;
    }
    if (name.startsWith(WHITEOUT)) {
      return; // housekeeping of aufs
    }
    if (name.isEmpty() || name.equals(".") || name.equals("..")) {
      throw new TarException("a whiteout does not say what it hides");
    }
    Optional<FileStatus> there = Attributes.find(parent, name);
    if (there.isEmpty()) {
      Entries.makeNode(parent, name, FileType.CHARACTER_DEVICE, 0, new DeviceNumber(0, 0));
    } else if (there.get().type() == FileType.DIRECTORY) {
      try (Fd directory = Open.directory(parent, name)) {
        opaque(directory); // it is this layer's own, and hides the one below
      }
    }
  }

  private static void opaque(Fd directory) {
    ExtendedAttributes.set(directory, Overlayfs.OPAQUE, new byte[] {'y'});
  }

  private void directory(Fd parent, String name, String path, TarEntry entry) {
    if (nodes.directory(parent, name, entry)) {
      try (Fd made = Open.directory(parent, name)) {
        opaque(made);
      }
    }
    parents.explicit(path);
    note(above(path), name, entry);
  }

  private static String above(String path) {
    return path.substring(0, Math.max(path.lastIndexOf('/'), 0));
  }

  private void note(String above, String name, TarEntry entry) {
    directoryTimes.computeIfAbsent(above, _ -> new LinkedHashMap<>()).put(name, entry.modified());
  }

  private void link(String target, Fd parent, String name) throws IOException {
    if (target.isEmpty()) {
      throw new TarException("a hard link leads nowhere");
    }
    try (Fd from = parents.find(above(target))) {
      nodes.link(from, MemberName.last(target), parent, name);
    }
  }

  private void symlink(Fd parent, String name, TarEntry entry) throws IOException {
    if (entry.link().isEmpty() || entry.link().indexOf('\0') >= 0) {
      throw new TarException("a symbolic link says nothing, or has a NUL");
    }
    nodes.symlink(parent, name, entry);
  }

  private void file(Fd parent, String name, TarEntry entry, TarReader tar) throws IOException {
    try (Fd file = nodes.file(parent, name, entry)) {
      if (entry.segments().isEmpty()) {
        copy(tar, file);
      } else {
        copySparse(entry, tar, file);
      }
      nodes.finishFile(file, entry);
    }
  }

  private void copy(TarReader tar, Fd file) throws IOException {
    int count;
    while ((count = tar.read(buffer, 0, BUFFER)) > 0) {
      bytes += count;
      Content.write(file, buffer, 0, count);
    }
  }

  private void copySparse(TarEntry entry, TarReader tar, Fd file) throws IOException {
    if (entry.size() > Unpacking.LARGEST) {
      throw new TarException("a sparse file is larger than 64 GiB");
    }
    Content.truncate(file, entry.size());
    for (TarEntry.Segment segment : entry.segments()) {
      long done = 0;
      while (done < segment.length()) {
        int wanted = (int) Math.min(BUFFER, segment.length() - done);
        int count = tar.read(buffer, 0, wanted);
        if (count < 0) {
          throw new TarException("a sparse file is shorter than its map");
        }
        Content.writeAt(file, segment.offset() + done, java.util.Arrays.copyOf(buffer, count));
        done += count;
      }
      bytes += done;
    }
  }

  /** Last, for each name that is made in a directory changes its time; those of one by one. */
  private void setDirectoryTimes() {
    OpenHow how = OpenHow.of(OpenFlags.DIRECTORY).resolving(IN_ROOT | OpenHow.NO_LINKS);
    directoryTimes.forEach((above, times) -> {
      try (Fd parent = above.isEmpty() ? root.duplicate() : Open.at(root, above, how)) {
        times.forEach((name, time) -> setTime(parent, name, time));
      } catch (SyscallException e) {
        if (!isReplaced(e)) {
          throw e;
        }
      }
    });
  }

  private static void setTime(Fd parent, String name, Instant time) {
    try {
      Attributes.times(parent, name, time, time);
    } catch (SyscallException e) {
      if (!isReplaced(e)) {
        throw e;
      }
    }
  }

  /** A later member may have taken the place of a directory. */
  private static boolean isReplaced(SyscallException e) {
    return e.isMissing() || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP);
  }
}
