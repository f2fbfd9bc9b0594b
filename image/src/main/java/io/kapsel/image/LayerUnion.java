package io.kapsel.image;

import io.kapsel.image.tar.Extractor;
import io.kapsel.image.tar.Xattrs;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.Trees;
import io.kapsel.linux.host.Overlayfs;
import java.io.IOException;
import java.util.Optional;

/**
 * Many layers as one directory, which shows what overlayfs would show of them: see the kernel's
 * Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories". Files are links to
 * those of the layers, so it takes no room but for directories.
 */
final class LayerUnion {
  private static final DeviceNumber WHITEOUT = new DeviceNumber(0, 0);
  private static final int DEEPEST = 255;

  private int entries;

  private LayerUnion() {}

  /**
   * Puts a layer on top of what {@code into} has.
   *
   * @param layer an open directory, which stays as it is
   */
  static Extractor.Extracted add(Fd layer, Fd into) throws IOException {
    LayerUnion union = new LayerUnion();
    union.add(layer, into, 0);
    return new Extractor.Extracted(0, union.entries, false);
  }

  private void add(Fd layer, Fd into, int depth) throws IOException {
    if (depth > DEEPEST) {
      throw new IOException("a layer is too deep");
    }
    for (Entries.Entry entry : Entries.list(layer)) {
      entries++;
      String name = entry.name();
      FileStatus status = Attributes.status(layer, name);
      if (status.type() == FileType.DIRECTORY) {
        directory(layer, into, name, depth);
        continue;
      }
      Trees.delete(into, name);
      boolean whiteout =
          status.type() == FileType.CHARACTER_DEVICE && status.device().equals(WHITEOUT);
      if (!whiteout) {
        Entries.link(layer, name, into, name);
      }
    }
    like(layer, into);
  }

  private void directory(Fd layer, Fd into, String name, int depth) throws IOException {
    try (Fd from = Open.directory(layer, name)) {
      Optional<FileStatus> there = Attributes.find(into, name);
      boolean stays = there.filter(it -> it.type() == FileType.DIRECTORY).isPresent();
      if (there.isPresent() && (!stays || isOpaque(from))) {
        Trees.delete(into, name);
        stays = false;
      }
      if (!stays) {
        Entries.makeDirectory(into, name, 0700);
      }
      try (Fd to = Open.directory(into, name)) {
        add(from, to, depth + 1);
      }
    }
  }

  private static boolean isOpaque(Fd directory) {
    return ExtendedAttributes.get(directory, Overlayfs.OPAQUE)
        .filter(value -> value.length > 0 && value[0] == 'y')
        .isPresent();
  }

  /** A directory is what the uppermost layer that has it says. */
  private static void like(Fd from, Fd to) {
    FileStatus status = Attributes.status(from);
    Attributes.own(to, status.uid(), status.gid());
    Attributes.mode(to, status.mode());
    ExtendedAttributes.list(to).stream()
        .filter(name -> name.startsWith("user.")) // else the host's, such as labels
        .forEach(name -> ExtendedAttributes.remove(to, name));
    for (String name : ExtendedAttributes.list(from)) {
      ExtendedAttributes.get(from, name)
          .filter(value -> Xattrs.isKept(name, value))
          .ifPresent(value -> ExtendedAttributes.set(to, name, value));
    }
    Attributes.times(to, status.modified(), status.modified());
  }
}
