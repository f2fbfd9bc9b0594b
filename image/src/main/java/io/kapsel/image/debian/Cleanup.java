package io.kapsel.image.debian;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.Trees;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Removes from a new root file system what belongs to its making, and what would make two of them
 * differ: logs, caches of this machine, the identity of a machine, times of today.
 */
final class Cleanup {
  private static final List<String> FILES =
      List.of(
          "var/log/bootstrap.log",
          "var/log/dpkg.log",
          "var/log/alternatives.log",
          "var/log/apt/history.log",
          "var/log/apt/term.log",
          "var/log/apt/eipp.log.xz",
          "var/cache/ldconfig/aux-cache",
          "var/lib/dbus/machine-id",
          "var/lib/systemd/catalog/database-old",
          "var/lib/systemd/random-seed");

  /** The container had its own; where the image has none of them, they are empty mount points. */
  private static final List<String> MOUNTED = List.of("hosts", "hostname", "resolv.conf");

  private Cleanup() {}

  /** Cleans the tree; no time in it is after {@code latest} then. */
  static void run(TargetTree tree, Instant latest) {
    for (String path : FILES) {
      remove(tree, path);
    }
    empty(tree, "run", List.of("lock"));
    empty(tree, "tmp", List.of());
    Optional<Fd> etc = tree.find("etc");
    if (etc.isPresent()) {
      try (Fd place = etc.get()) {
        etc(place);
      }
    }
    try (Fd root = tree.directory("", 0755)) {
      clamp(root, latest);
      Attributes.times(root, ".", latest, latest);
    }
  }

  /** An empty machine-id gets its content at the first start, see machine-id(5). */
  private static void etc(Fd etc) {
    if (Attributes.find(etc, "machine-id").isPresent()) {
      DpkgDatabase.write(etc, "machine-id", new byte[0], 0644);
    }
    for (String name : MOUNTED) {
      if (Attributes.find(etc, name)
          .filter(it -> it.type() == FileType.REGULAR && it.size() == 0)
          .isPresent()) {
        Entries.unlink(etc, name);
      }
    }
  }

  private static void remove(TargetTree tree, String path) {
    int slash = path.lastIndexOf('/');
    tree.find(path.substring(0, slash))
        .ifPresent(place -> {
          try (place) {
            Entries.unlink(place, path.substring(slash + 1));
          }
        });
  }

  private static void empty(TargetTree tree, String path, List<String> kept) {
    tree.find(path)
        .ifPresent(place -> {
          try (place) {
            for (Entries.Entry each : Entries.list(place)) {
              if (!kept.contains(each.name())) {
                Trees.delete(place, each.name());
              }
            }
          }
        });
  }

  private static void clamp(Fd directory, Instant latest) {
    for (Entries.Entry entry : Entries.list(directory)) {
      if (entry.type() == FileType.DIRECTORY) {
        try (Fd inner = Open.directory(directory, entry.name())) {
          clamp(inner, latest);
        }
      }
      FileStatus status = Attributes.status(directory, entry.name());
      if (status.modified().isAfter(latest)) {
        Attributes.times(directory, entry.name(), latest, latest);
      }
    }
  }
}
