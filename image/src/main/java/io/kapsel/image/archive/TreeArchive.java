package io.kapsel.image.archive;

import io.kapsel.image.tar.FirstNames;
import io.kapsel.image.tar.Packer;
import io.kapsel.image.tar.TarEntry;
import io.kapsel.image.tar.TarWriter;
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
import io.kapsel.linux.file.SortedNames;
import io.kapsel.linux.host.Overlayfs;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Layers as an archive: all of them as the one tree that overlayfs shows, or one alone with
 * whiteouts for what it takes away. The same trees give the same bytes: names are sorted.
 */
public final class TreeArchive {
  private static final int BUFFER = 1 << 16;
  private static final int DEEPEST = 255;

  private final TarWriter tar;
  private final boolean whiteouts;
  private final FirstNames links = new FirstNames();

  private TreeArchive(TarWriter tar, boolean whiteouts) {
    this.tar = tar;
    this.whiteouts = whiteouts;
  }

  /** Writes what the layers, the upper ones first, show together. */
  public static void merged(List<Fd> layers, OutputStream out) throws IOException {
    write(layers, out, false);
  }

  /** Writes what one layer changes. */
  public static void layer(Fd layer, OutputStream out) throws IOException {
    write(List.of(layer), out, true);
  }

  private static void write(List<Fd> layers, OutputStream out, boolean whiteouts)
      throws IOException {
    Packer.run(
        layers,
        out,
        (inside, packed) -> {
          try (TarWriter tar = new TarWriter(packed)) {
            new TreeArchive(tar, whiteouts).directory("", inside, 0);
            tar.finish();
          } catch (SyscallException e) {
            throw new IOException(e.getMessage(), e);
          }
        });
  }

  private void directory(String path, List<Fd> directories, int depth) throws IOException {
    if (depth > DEEPEST) {
      throw new IOException("'" + path + "' lies too deep");
    }
    SortedNames names = SortedNames.atDepth(depth, directories);
    for (Map<String, List<Fd>> some = names.next(); !some.isEmpty(); some = names.next()) {
      for (Map.Entry<String, List<Fd>> each : some.entrySet()) {
        entry(path, each.getKey(), each.getValue(), depth);
      }
    }
  }

  /** A name in those directories of layers, the upper ones first, in which it stands. */
  private void entry(String path, String name, List<Fd> parents, int depth) throws IOException {
    String below = path + name;
    Fd parent = parents.getFirst();
    FileStatus status = Attributes.status(parent, name);
    if (isWhiteout(status)) {
      if (whiteouts) {
        tar.begin(plain(path + ".wh." + name));
      }
      return;
    }
    switch (status.type()) {
      case DIRECTORY -> subdirectory(below, name, status, parents, depth);
      case REGULAR -> file(below, name, parent, status);
      case LINK -> symlink(below, name, parent, status);
      case FIFO -> tar.begin(entry(TarEntry.Type.FIFO, below, "", status, Map.of()));
      case CHARACTER_DEVICE -> device(TarEntry.Type.CHARACTER_DEVICE, below, status);
      case BLOCK_DEVICE -> device(TarEntry.Type.BLOCK_DEVICE, below, status);
      case SOCKET, UNKNOWN -> {} // tar has none
    }
  }

  private static boolean isWhiteout(FileStatus status) {
    return status.type() == FileType.CHARACTER_DEVICE
        && status.device().equals(new DeviceNumber(0, 0));
  }

  private void subdirectory(String path, String name, FileStatus own, List<Fd> parents, int depth)
      throws IOException {
    List<Fd> open = new ArrayList<>();
    try {
      for (Fd parent : parents) {
        Optional<FileStatus> status = Attributes.find(parent, name);
        if (status.filter(it -> it.type() == FileType.DIRECTORY).isEmpty()) {
          break; // something else hides what lies deeper
        }
        open.add(Open.directory(parent, name));
        if (isOpaque(open.getLast())) {
          break;
        }
      }
      tar.begin(entry(TarEntry.Type.DIRECTORY, path + "/", "", own, xattrs(open.getFirst())));
      if (whiteouts && isOpaque(open.getFirst())) {
        tar.begin(plain(path + "/.wh..wh..opq"));
      }
      directory(path + "/", open, depth + 1);
    } finally {
      open.forEach(Fd::close);
    }
  }

  private static boolean isOpaque(Fd directory) {
    return ExtendedAttributes.get(directory, Overlayfs.OPAQUE)
        .filter(value -> value.length > 0 && value[0] == 'y')
        .isPresent();
  }

  private void file(String path, String name, Fd parent, FileStatus status) throws IOException {
    Optional<String> first = links.of(status, path);
    if (first.isPresent()) {
      tar.begin(entry(TarEntry.Type.HARD_LINK, path, first.get(), status, Map.of()));
      return;
    }
    OpenHow how = OpenHow.of(OpenFlags.READ | OpenFlags.NO_FOLLOW | OpenFlags.NON_BLOCKING);
    try (Fd file = Open.at(parent, name, how.resolving(OpenHow.BENEATH | OpenHow.NO_LINKS))) {
      FileStatus now = Attributes.status(file);
      tar.begin(entry(TarEntry.Type.FILE, path, "", now, xattrs(file)));
      byte[] buffer = new byte[BUFFER];
      for (long left = now.size(); left > 0; ) {
        int count = Content.read(file, buffer, 0, (int) Math.min(BUFFER, left));
        if (count < 0) {
          throw new IOException("'" + path + "' has shrunk while it was read");
        }
        tar.write(buffer, 0, count);
        left -= count;
      }
    }
  }

  private void symlink(String path, String name, Fd parent, FileStatus status) throws IOException {
    tar.begin(entry(TarEntry.Type.SYMLINK, path, Entries.readLink(parent, name), status, Map.of()));
  }

  private void device(TarEntry.Type type, String path, FileStatus status) throws IOException {
    tar.begin(entry(type, path, "", status, Map.of()));
  }

  private static Map<String, byte[]> xattrs(Fd fd) {
    Map<String, byte[]> kept = new LinkedHashMap<>();
    for (String name : ExtendedAttributes.list(fd)) {
      ExtendedAttributes.get(fd, name)
          .filter(value -> Xattrs.isKept(name, value))
          .ifPresent(value -> kept.put(name, value));
    }
    return kept;
  }

  private static TarEntry plain(String path) {
    return new TarEntry(
        TarEntry.Type.FILE,
        path,
        "",
        0600,
        0,
        0,
        0,
        java.time.Instant.EPOCH,
        0,
        0,
        Map.of(),
        List.of());
  }

  private static TarEntry entry(
      TarEntry.Type type, String path, String link, FileStatus status, Map<String, byte[]> xattrs) {
    return new TarEntry(
        type,
        path,
        link,
        status.mode(),
        Integer.toUnsignedLong(status.uid()),
        Integer.toUnsignedLong(status.gid()),
        type == TarEntry.Type.FILE ? status.size() : 0,
        status.modified(),
        status.device().major(),
        status.device().minor(),
        xattrs,
        List.of());
  }
}
