package io.kapsel.image.debian;

import io.kapsel.linux.Fd;
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
import io.kapsel.linux.host.Overlayfs;
import java.io.IOException;
import java.util.Optional;

/**
 * Moves what an upper directory of overlayfs holds into the lower one that it belongs to; see the
 * kernel's Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories". Both are on
 * one file system, and nobody has them mounted.
 */
final class LayerMerge {
  private static final DeviceNumber WHITEOUT = new DeviceNumber(0, 0);

  private LayerMerge() {}

  /** Merges; afterwards the upper directory is of no use. */
  static void merge(Fd upper, Fd lower) throws IOException {
    for (Entries.Entry entry : Entries.list(upper)) {
      String name = entry.name();
      FileStatus status = Attributes.status(upper, name);
      Optional<FileStatus> below = Attributes.find(lower, name);
      if (status.type() == FileType.CHARACTER_DEVICE && status.device().equals(WHITEOUT)) {
        Trees.delete(lower, name);
      } else if (status.type() == FileType.DIRECTORY) {
        directory(upper, lower, name, status, below);
      } else {
        clean(upper, name, status);
        replace(upper, lower, name, below);
      }
    }
  }

  private static void directory(
      Fd upper, Fd lower, String name, FileStatus status, Optional<FileStatus> below)
      throws IOException {
    boolean stays = below.filter(it -> it.type() == FileType.DIRECTORY).isPresent();
    try (Fd from = Open.directory(upper, name)) {
      boolean opaque =
          ExtendedAttributes.get(from, Overlayfs.ATTRIBUTES + "opaque")
              .filter(it -> it[0] == 'y')
              .isPresent();
      if (stays && !opaque) {
        try (Fd to = Open.directory(lower, name)) {
          merge(from, to);
          Attributes.own(to, status.uid(), status.gid());
          Attributes.mode(to, status.mode());
        }
        return;
      }
      cleanAll(from);
    }
    replace(upper, lower, name, below);
  }

  private static void replace(Fd upper, Fd lower, String name, Optional<FileStatus> below) {
    if (below.filter(it -> it.type() == FileType.DIRECTORY).isPresent()) {
      Trees.delete(lower, name);
    } else if (below.isPresent()) {
      Entries.unlink(lower, name); // a directory does not replace a file by itself
    }
    Entries.rename(upper, name, lower, name);
  }

  private static void cleanAll(Fd directory) throws IOException {
    clean(directory);
    for (Entries.Entry entry : Entries.list(directory)) {
      FileStatus status = Attributes.status(directory, entry.name());
      if (status.type() == FileType.DIRECTORY) {
        try (Fd inner = Open.directory(directory, entry.name())) {
          cleanAll(inner);
        }
      } else {
        clean(directory, entry.name(), status);
      }
    }
  }

  private static void clean(Fd directory, String name, FileStatus status) throws IOException {
    if (status.type() == FileType.REGULAR) {
      OpenHow how = OpenHow.of(OpenFlags.PATH | OpenFlags.NO_FOLLOW);
      try (Fd file = Open.at(directory, name, how)) {
        clean(file);
      }
    }
  }

  /** What overlayfs notes for itself would mislead the next overlay. */
  private static void clean(Fd file) throws IOException {
    for (String key : ExtendedAttributes.list(file)) {
      if (key.equals(Overlayfs.ATTRIBUTES + "redirect")
          || key.equals(Overlayfs.ATTRIBUTES + "metacopy")) {
        throw new IOException("the kernel's overlayfs keeps '" + key + "', which is not supported");
      }
      if (key.startsWith(Overlayfs.ATTRIBUTES)) {
        ExtendedAttributes.remove(file, key);
      }
    }
  }
}
