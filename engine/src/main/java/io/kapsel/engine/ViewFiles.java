package io.kapsel.engine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.confine.LiveMounts;
import io.kapsel.linux.confine.LiveMounts.Change;
import io.kapsel.linux.mount.MountAttributes;
import io.kapsel.linux.mount.MountTable;
import io.kapsel.linux.mount.Mounts;
import io.kapsel.oci.Mount;
import io.kapsel.runtime.ProcView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Files of the view that take the place of those of one that is gone, in a system that runs. The
 * old ones stay below: without them, what is the host's would be seen for a moment.
 */
final class ViewFiles implements AutoCloseable {
  private static final Set<String> OF_THE_KERNEL = Set.of("proc", "sysfs");
  private static final long STRICT =
      MountAttributes.READ_ONLY
          | MountAttributes.NO_SUID
          | MountAttributes.NO_DEVICES
          | MountAttributes.NO_EXECUTION;

  private final Optional<Fd> namespace;
  private final List<Change> changes = new ArrayList<>();

  private ViewFiles(Optional<Fd> namespace) {
    this.namespace = namespace;
  }

  /** Nothing is to be done. */
  static ViewFiles none() {
    return new ViewFiles(Optional.empty());
  }

  /** What that process sees of a view that is gone; it must not end before this is made. */
  static ViewFiles stale(ProcView view, String id, int pid) throws IOException {
    Optional<String> device = view.device();
    MountTable inside = MountTable.read("/proc/" + pid + "/mountinfo");
    List<Mount> stale =
        view.mounts(id).stream()
            .filter(each -> isStale(inside, each.destination(), device))
            .toList();
    if (device.isEmpty() || stale.isEmpty()) {
      return none();
    }
    ViewFiles files = new ViewFiles(Optional.of(RootViews.namespace(pid)));
    try {
      stale.forEach(files::add);
      return files;
    } catch (RuntimeException e) {
      files.close();
      throw e;
    }
  }

  private static boolean isStale(MountTable inside, String place, Optional<String> device) {
    Optional<MountTable.Entry> there = inside.at(place).filter(ProcView::isItsFile);
    return there.isPresent()
        && !device.equals(there.map(MountTable.Entry::device))
        && isReached(inside, there.get());
  }

  /** What the system has mounted over /proc or /sys itself is left alone. */
  private static boolean isReached(MountTable inside, MountTable.Entry file) {
    return inside.entries().stream()
        .filter(each -> each.id() == file.parent())
        .anyMatch(each ->
            ProcView.isItsFile(each)
                ? isReached(inside, each)
                : OF_THE_KERNEL.contains(each.type())
                    && inside.at(each.point()).filter(each::equals).isPresent());
  }

  private void add(Mount mount) {
    Fd tree = Mounts.openTree(mount.source().orElseThrow(), Mounts.CLONE);
    changes.add(new Change.Add(tree, mount.destination()));
    Mounts.setAttributes(tree, 0, MountAttributes.privately(STRICT));
  }

  /** Mounts them. */
  void mount() {
    if (namespace.isPresent()) {
      LiveMounts.change(namespace.get(), 0, changes)
          .failure()
          .forEach(failure -> {
            throw failure;
          });
    }
  }

  @Override
  public void close() {
    namespace.ifPresent(Fd::close);
    for (Change each : changes) {
      if (each instanceof Change.Add(Fd tree, String _)) {
        tree.close();
      }
    }
  }
}
