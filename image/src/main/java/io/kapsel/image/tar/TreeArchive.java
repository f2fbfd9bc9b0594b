package io.kapsel.image.tar;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import java.io.IOException;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes a directory and all below it as an archive, in the order of the names: the same tree gives
 * the same bytes. Sockets are left out, as no archive can hold them.
 */
public final class TreeArchive {
  private static final int BUFFER = 1 << 16;

  private final TarWriter out;
  private final Map<Long, String> linked = new HashMap<>();
  private final byte[] buffer = new byte[BUFFER];
  private long bytes;
  private int entries;

  private TreeArchive(TarWriter out) {
    this.out = out;
  }

  /** Writes what is in {@code directory}, which nobody changes meanwhile, and the end mark. */
  public static Extractor.Extracted write(Fd directory, TarWriter out) throws IOException {
    TreeArchive archive = new TreeArchive(out);
    archive.members(directory, "");
    out.finish();
    return new Extractor.Extracted(archive.bytes, archive.entries, false);
  }

  private void members(Fd directory, String path) throws IOException {
    List<Entries.Entry> sorted =
        Entries.list(directory).stream().sorted(Comparator.comparing(Entries.Entry::name)).toList();
    for (Entries.Entry entry : sorted) {
      member(directory, entry.name(), path + entry.name());
    }
  }

  private void member(Fd directory, String name, String path) throws IOException {
    FileStatus status = Attributes.status(directory, name);
    switch (status.type()) {
      case DIRECTORY -> {
        try (Fd inner = Open.directory(directory, name)) {
          begin(TarEntry.Type.DIRECTORY, path + "/", "", status, attributes(inner));
          members(inner, path + "/");
        }
      }
      case REGULAR -> file(directory, name, path, status);
      case LINK ->
          begin(TarEntry.Type.SYMLINK, path, Entries.readLink(directory, name), status, Map.of());
      case FIFO -> begin(TarEntry.Type.FIFO, path, "", status, Map.of());
      case CHARACTER_DEVICE -> begin(TarEntry.Type.CHARACTER_DEVICE, path, "", status, Map.of());
      case BLOCK_DEVICE -> begin(TarEntry.Type.BLOCK_DEVICE, path, "", status, Map.of());
      case SOCKET, UNKNOWN -> {}
    }
  }

  private void file(Fd directory, String name, String path, FileStatus status) throws IOException {
    if (status.links() > 1) {
      String first = linked.putIfAbsent(status.inode(), path);
      if (first != null) {
        begin(TarEntry.Type.HARD_LINK, path, first, status, Map.of());
        return;
      }
    }
    OpenHow how = OpenHow.of(OpenFlags.READ | OpenFlags.NO_FOLLOW | OpenFlags.NON_BLOCKING);
    try (Fd file = Open.at(directory, name, how)) {
      begin(TarEntry.Type.FILE, path, "", status, attributes(file));
      int count;
      while ((count = Content.read(file, buffer, 0, BUFFER)) > 0) {
        out.write(buffer, 0, count);
        bytes += count;
      }
    }
  }

  private void begin(
      TarEntry.Type type,
      String path,
      String link,
      FileStatus status,
      Map<String, byte[]> attributes)
      throws IOException {
    entries++;
    out.begin(
        new TarEntry(
            type,
            path,
            link,
            status.mode(),
            Integer.toUnsignedLong(status.uid()),
            Integer.toUnsignedLong(status.gid()),
            type == TarEntry.Type.FILE ? status.size() : 0,
            status.modified().truncatedTo(ChronoUnit.SECONDS),
            status.type() == FileType.CHARACTER_DEVICE || status.type() == FileType.BLOCK_DEVICE
                ? status.device().major()
                : 0,
            status.type() == FileType.CHARACTER_DEVICE || status.type() == FileType.BLOCK_DEVICE
                ? status.device().minor()
                : 0,
            attributes,
            List.of()));
  }

  private static Map<String, byte[]> attributes(Fd file) {
    Map<String, byte[]> kept = new TreeMap<>();
    for (String key : ExtendedAttributes.list(file)) {
      ExtendedAttributes.get(file, key)
          .filter(value -> Xattrs.isKept(key, value))
          .ifPresent(value -> kept.put(key, value));
    }
    return kept;
  }
}
