package io.kapsel.engine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * Writes the entries of an archive below one directory, and nowhere else whatever they are called:
 * every step goes by a descriptor of the parent, opened without following links, and one name.
 */
final class TarExtractor {
  private static final int BUFFER = 1 << 16;
  private static final int MODE = 07777;
  private static final int LONGEST_PATH = 4096;
  private static final String XATTR = "SCHILY.xattr.";
  private static final int NO_LINKS = OpenHow.BENEATH | OpenHow.NO_LINKS | OpenHow.NO_MAGIC_LINKS;

  private static final int DEEPEST = 255;
  private static final int MOST_ENTRIES = 5_000_000;
  private static final long LARGEST = 64L << 30;
  private static final Instant LATEST = Instant.parse("2400-01-01T00:00:00Z");
  private static final char LOST = '\ufffd';

  private final Path target;
  private long written;

  TarExtractor(Path target) {
    this.target = target;
  }

  void extract(InputStream in) throws IOException {
    try (Fd root = Open.path(target.toString(), OpenFlags.DIRECTORY);
        TarArchiveInputStream tar = new TarArchiveInputStream(in, StandardCharsets.UTF_8.name())) {
      Attributes.mode(root, 0755);
      int count = 0;
      TarArchiveEntry entry;
      while ((entry = tar.getNextEntry()) != null) {
        count++;
        if (count > MOST_ENTRIES) {
          throw new IOException("it has more than 5,000,000 entries");
        }
        extract(root, entry, tar);
      }
      if (count == 0) {
        throw new IOException("it is not a tar archive, or an empty one");
      }
    } catch (SyscallException | IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e); // the latter: a header that is none
    }
  }

  private void extract(Fd root, TarArchiveEntry entry, InputStream data) throws IOException {
    String path = clean(entry.getName());
    if (path.isEmpty()) {
      Attributes.mode(root, entry.getMode() & MODE);
      return;
    }
    int slash = path.lastIndexOf('/');
    String name = path.substring(slash + 1);
    try (Fd parent = parent(root, slash < 0 ? "" : path.substring(0, slash))) {
      if (entry.isDirectory()) {
        directory(parent, name, entry);
        return;
      }
      replace(parent, name);
      if (entry.isLink()) {
        link(root, clean(entry.getLinkName()), parent, name);
      } else if (entry.isSymbolicLink()) {
        Entries.symlink(entry.getLinkName(), parent, name);
        Attributes.own(parent, name, id(entry.getLongUserId()), id(entry.getLongGroupId()));
      } else if (entry.isFIFO()) {
        Entries.makeNode(
            parent, name, FileType.FIFO, entry.getMode() & MODE, new DeviceNumber(0, 0));
      } else if (entry.isCharacterDevice() || entry.isBlockDevice()) {
        return; // a container's devices come from its own /dev, never from an archive
      } else {
        file(parent, name, entry, data);
      }
    }
  }

  /** A name without leading or doubled slashes; one that would lead out is refused. */
  private static String clean(String name) throws IOException {
    if (name.length() > LONGEST_PATH || name.indexOf('\0') >= 0) {
      throw new IOException("a name in the archive is too long or has a NUL");
    }
    StringBuilder path = new StringBuilder();
    String[] parts = name.split("/", -1);
    if (parts.length > DEEPEST) {
      throw new IOException("a name in the archive has more than 255 parts");
    }
    for (String part : parts) {
      if (part.equals("..")) {
        throw new IOException("the archive has a name that leads out of it: '" + name + "'");
      }
      if (!part.isEmpty() && !part.equals(".")) {
        path.append(path.isEmpty() ? "" : "/").append(part);
      }
    }
    return path.toString();
  }

  private static Fd parent(Fd root, String path) {
    if (path.isEmpty()) {
      return root.duplicate();
    }
    OpenHow how = OpenHow.of(OpenFlags.DIRECTORY).resolving(NO_LINKS);
    try {
      return Open.at(root, path, how);
    } catch (SyscallException e) {
      if (!e.isMissing()) {
        throw e;
      }
    }
    int slash = path.lastIndexOf('/');
    try (Fd above = parent(root, slash < 0 ? "" : path.substring(0, slash))) {
      Entries.ensureDirectory(above, path.substring(slash + 1), 0755);
    }
    return Open.at(root, path, how);
  }

  private static void replace(Fd parent, String name) {
    Attributes.find(parent, name)
        .ifPresent(status -> {
          if (status.type() == FileType.DIRECTORY) {
            io.kapsel.linux.file.Trees.delete(parent, name);
          } else {
            Entries.unlink(parent, name);
          }
        });
  }

  private static void directory(Fd parent, String name, TarArchiveEntry entry) throws IOException {
    Optional<FileType> there =
        Attributes.find(parent, name).map(io.kapsel.linux.file.FileStatus::type);
    if (there.isPresent() && there.get() != FileType.DIRECTORY) {
      Entries.unlink(parent, name);
    }
    Entries.ensureDirectory(parent, name, 0755);
    try (Fd made = Open.directory(parent, name)) {
      finish(made, entry);
    }
  }

  private static void link(Fd root, String target, Fd parent, String name) throws IOException {
    int slash = target.lastIndexOf('/');
    try (Fd from = parent(root, slash < 0 ? "" : target.substring(0, slash))) {
      Entries.link(from, target.substring(slash + 1), parent, name);
    }
  }

  private void file(Fd parent, String name, TarArchiveEntry entry, InputStream data)
      throws IOException {
    OpenHow how =
        OpenHow.of(OpenFlags.WRITE | OpenFlags.CREATE | OpenFlags.EXCLUSIVE)
            .resolving(NO_LINKS)
            .creating(0600);
    try (Fd file = Open.at(parent, name, how)) {
      byte[] buffer = new byte[BUFFER];
      int count;
      while ((count = data.read(buffer)) > 0) {
        written += count; // the holes of a sparse file are counted, too
        if (written > LARGEST) {
          throw new IOException("it is larger than 64 GiB when it is unpacked");
        }
        Content.write(file, buffer, 0, count);
      }
      finish(file, entry);
    }
    Instant time = modified(entry);
    Attributes.times(parent, name, time, time);
  }

  private static Instant modified(TarArchiveEntry entry) {
    Instant time = entry.getLastModifiedTime().toInstant();
    return time.isBefore(Instant.EPOCH) || time.isAfter(LATEST) ? Instant.EPOCH : time;
  }

  /** The owner first: changing it takes the set-user-ID bit and file capabilities away. */
  private static void finish(Fd made, TarArchiveEntry entry) throws IOException {
    Attributes.own(made, id(entry.getLongUserId()), id(entry.getLongGroupId()));
    Attributes.mode(made, entry.getMode() & MODE);
    for (Map.Entry<String, String> each : entry.getExtraPaxHeaders().entrySet()) {
      String key = each.getKey();
      if (key.startsWith(XATTR + "user.") || key.equals(XATTR + "security.capability")) {
        if (each.getValue().indexOf(LOST) >= 0) {
          throw new IOException("an extended attribute cannot be read: '" + key + "'");
        }
        ExtendedAttributes.set(
            made, key.substring(XATTR.length()), each.getValue().getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  private static int id(long id) throws IOException {
    if (id < 0 || id > 0xfffffffeL) {
      throw new IOException("the archive has an owner that is no id: " + id);
    }
    return (int) id;
  }
}
