package io.kapsel.engine.files;

import io.kapsel.image.tar.FirstNames;
import io.kapsel.image.tar.TarEntry;
import io.kapsel.image.tar.TarWriter;
import io.kapsel.image.tar.Xattrs;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import io.kapsel.linux.file.SortedNames;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes one file, or a directory and all that is in it, as a tar archive. The files may change
 * meanwhile as they like: what is opened is looked at again, and no link is followed.
 */
public final class TreeReader {
  private static final int BUFFER = 1 << 16;
  private static final int DEEPEST = 255;
  private static final OpenHow CONTENT =
      OpenHow.of(OpenFlags.READ | OpenFlags.NO_FOLLOW | OpenFlags.NON_BLOCKING)
          .resolving(OpenHow.BENEATH | OpenHow.NO_LINKS);

  private final TarWriter tar;
  private final Ids ids;
  private final FirstNames links = new FirstNames();
  private final byte[] buffer = new byte[BUFFER];

  private TreeReader(TarWriter tar, Ids ids) {
    this.tar = tar;
    this.ids = ids;
  }

  /**
   * Writes {@code name} of {@code parent}. Sockets and devices in a directory are left out.
   *
   * @param as what it is called in the archive
   */
  public static void write(Fd parent, String name, String as, Ids ids, OutputStream out)
      throws IOException {
    try (TarWriter tar = new TarWriter(out)) {
      new TreeReader(tar, ids).entry(parent, name, as, 0);
      tar.finish();
    } catch (SyscallException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private void entry(Fd parent, String name, String as, int depth) throws IOException {
    if (depth > DEEPEST) {
      throw new IOException("'" + as + "' lies too deep");
    }
    FileStatus status = Attributes.status(parent, name);
    switch (status.type()) {
      case DIRECTORY -> directory(parent, name, as, depth);
      case REGULAR -> file(parent, name, as, status);
      case LINK ->
          tar.begin(
              member(
                  TarEntry.Type.SYMLINK, as, Entries.readLink(parent, name), 0, status, Map.of()));
      case FIFO -> tar.begin(member(TarEntry.Type.FIFO, as, "", 0, status, Map.of()));
      case SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE, UNKNOWN -> {
        if (depth == 0) {
          throw new IOException("'" + as + "' is a device or a socket");
        }
      }
    }
  }

  private void directory(Fd parent, String name, String as, int depth) throws IOException {
    try (Fd open = Open.directory(parent, name)) {
      FileStatus status = Attributes.status(open);
      tar.begin(member(TarEntry.Type.DIRECTORY, as + "/", "", 0, status, attributes(open)));
      SortedNames names = SortedNames.atDepth(depth, List.of(open));
      for (Map<String, List<Fd>> some = names.next(); !some.isEmpty(); some = names.next()) {
        for (String each : some.keySet()) {
          inDirectory(open, each, as + "/" + each, depth + 1);
        }
      }
    }
  }

  private void inDirectory(Fd parent, String name, String as, int depth) throws IOException {
    try {
      entry(parent, name, as, depth);
    } catch (SyscallException e) {
      if (!e.isReplaced()) { // else it has changed since the directory was read
        throw e;
      }
    }
  }

  private void file(Fd parent, String name, String as, FileStatus status) throws IOException {
    Optional<String> first = links.of(status, as);
    if (first.isPresent()) {
      tar.begin(member(TarEntry.Type.HARD_LINK, as, first.get(), 0, status, Map.of()));
      return;
    }
    try (Fd file = Open.at(parent, name, CONTENT)) {
      FileStatus now = Attributes.status(file);
      if (now.type() == FileType.REGULAR) {
        tar.begin(member(TarEntry.Type.FILE, as, "", now.size(), now, attributes(file)));
        copy(file, now.size());
      }
    }
  }

  /** Exactly as many bytes as were announced, also of a file that is cut meanwhile. */
  private void copy(Fd file, long size) throws IOException {
    for (long left = size; left > 0; ) {
      int wanted = (int) Math.min(left, BUFFER);
      int count = Content.read(file, buffer, 0, wanted);
      if (count <= 0) {
        Arrays.fill(buffer, (byte) 0);
        count = wanted;
      }
      tar.write(buffer, 0, count);
      left -= count;
    }
  }

  private static Map<String, byte[]> attributes(Fd file) {
    Map<String, byte[]> kept = new LinkedHashMap<>();
    try {
      for (String name : ExtendedAttributes.list(file)) {
        ExtendedAttributes.get(file, name)
            .filter(value -> Xattrs.isKept(name, value))
            .ifPresent(value -> kept.put(name, value));
      }
    } catch (SyscallException e) {
      if (!e.isUnsupported()) {
        throw e;
      }
    }
    return kept;
  }

  private TarEntry member(
      TarEntry.Type type,
      String as,
      String link,
      long size,
      FileStatus status,
      Map<String, byte[]> attributes) {
    return new TarEntry(
        type,
        as,
        link,
        status.mode(),
        ids.inside(status.uid()),
        ids.inside(status.gid()),
        size,
        status.modified(),
        0,
        0,
        attributes,
        List.of());
  }
}
