package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.linux.mount.MountTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * What {@code host:} would show as empty directories: file systems of their own below {@code /},
 * such as a separate {@code /usr}. They are seen read-only, as the layers of one overlay have to
 * lie on their own. In {@code /etc} and {@code /var}, where what is seen is chosen file by file,
 * nothing is added.
 */
final class HostMounts {
  private static final Set<String> SEEN =
      Set.of("bin", "lib", "lib32", "lib64", "libx32", "opt", "sbin", "usr");
  private static final Set<String> KINDS =
      Set.of(
          "ext2",
          "ext3",
          "ext4",
          "xfs",
          "btrfs",
          "f2fs",
          "bcachefs",
          "zfs",
          "erofs",
          "squashfs",
          "overlay",
          "tmpfs");

  private final List<MountRequest> mounts;

  /**
   * Those in a table.
   *
   * @param own directories of ours, which are hidden wherever they are
   */
  HostMounts(MountTable table, List<Path> own) {
    List<Path> points =
        table.entries().stream()
            .filter(entry -> KINDS.contains(entry.type()))
            .map(entry -> Path.of(entry.point()))
            .filter(point -> point.getNameCount() > 0)
            .filter(point -> SEEN.contains(point.getName(0).toString()))
            .filter(point ->
                own.stream().noneMatch(each -> each.startsWith(point) || point.startsWith(each)))
            .sorted(Comparator.comparingInt(Path::getNameCount))
            .distinct()
            .toList();
    List<Path> highest = new ArrayList<>();
    for (Path point : points) {
      if (highest.stream().noneMatch(point::startsWith)) {
        highest.add(point);
      }
    }
    mounts =
        highest.stream()
            .<MountRequest>map(
                point -> new MountRequest.Bind(point, point.toString(), true, false, "rprivate"))
            .toList();
  }

  List<MountRequest> all() {
    return mounts;
  }

  /** The same container with them, but where the caller puts something of his own. */
  ContainerSpec addTo(ContainerSpec spec) {
    List<MountRequest> all = new ArrayList<>(mounts);
    all.removeIf(
        mount -> spec.mounts().stream().anyMatch(asked -> asked.target().equals(mount.target())));
    if (all.isEmpty()) {
      return spec;
    }
    all.addAll(spec.mounts());
    return spec.mounted(all);
  }
}
