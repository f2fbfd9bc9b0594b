package io.kapsel.engine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.SortedNames;
import io.kapsel.linux.host.Overlayfs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * What a container's own layer says that it has changed. Only that layer is walked; of those below,
 * nothing but its names is looked up.
 */
final class LayerChanges {
  private static final DeviceNumber NONE = new DeviceNumber(0, 0);
  private static final int DEEPEST = 255;

  /** They are made for every container, to mount something there. */
  private static final Set<String> PLACES =
      Set.of("/proc", "/sys", "/dev", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf");

  private final BiConsumer<String, ChangeKind> use;

  /** Directories of which it is not known yet whether anything in them has changed. */
  private final Map<String, ChangeKind> open = new LinkedHashMap<>();

  private LayerChanges(BiConsumer<String, ChangeKind> use) {
    this.use = use;
  }

  /**
   * Tells of the changes of these layers, the container's own first. Nothing is kept of them: there
   * may be more than this process has room for.
   */
  static void tell(List<Path> layers, BiConsumer<String, ChangeKind> use) {
    List<Fd> open = new ArrayList<>();
    try {
      for (Path each : layers) {
        open.add(Open.path(each.toString(), OpenFlags.DIRECTORY));
      }
      boolean _ =
          new LayerChanges(use).directory("", open.getFirst(), open.subList(1, open.size()), 0);
    } catch (SyscallException e) {
      throw new EngineException.Failed("compare", "the layers", String.valueOf(e.getMessage()), e);
    } finally {
      open.forEach(Fd::close);
    }
  }

  /** A change, after those of the directories that it is in. */
  private void found(String path, ChangeKind kind) {
    flush();
    use.accept(path, kind);
  }

  private void flush() {
    open.forEach(use);
    open.clear();
  }

  /** Whether there is anything in it but places for mounts. */
  private boolean directory(String path, Fd upper, List<Fd> lowers, int depth) {
    if (depth > DEEPEST) {
      return true; // deeper than a path can be written
    }
    SortedNames names = SortedNames.atDepth(depth, List.of(upper));
    boolean own = Entries.isEmpty(upper);
    for (Map<String, List<Fd>> some = names.next(); !some.isEmpty(); some = names.next()) {
      for (String name : some.keySet()) {
        own |= entry(path + "/" + name, name, upper, lowers, depth);
      }
    }
    if (own) {
      flush();
    }
    return own;
  }

  private boolean entry(String path, String name, Fd upper, List<Fd> lowers, int depth) {
    Optional<FileStatus> found = Attributes.find(upper, name);
    if (found.isEmpty()) {
      return false; // it was removed meanwhile
    }
    boolean there = isIn(lowers, name);
    if (!there && PLACES.contains(path)) {
      return false;
    }
    if (isWhiteout(found.get())) {
      found(path, ChangeKind.DELETED);
      return true;
    }
    ChangeKind kind = there ? ChangeKind.CHANGED : ChangeKind.ADDED;
    if (found.get().type() != FileType.DIRECTORY) {
      found(path, kind);
      return true;
    }
    open.put(path, kind);
    if (below(path, name, upper, lowers, depth)) {
      return true;
    }
    open.remove(path);
    return false;
  }

  private boolean below(String path, String name, Fd upper, List<Fd> lowers, int depth) {
    List<Fd> under = new ArrayList<>();
    try (Fd directory = Open.directory(upper, name)) {
      open(lowers, name, under);
      if (isOpaque(directory)) {
        gone(path, directory, under);
        boolean _ = directory(path, directory, List.of(), depth + 1);
        flush();
        return true;
      }
      return directory(path, directory, under, depth + 1);
    } finally {
      under.forEach(Fd::close);
    }
  }

  /** A directory that was removed and made again hides all that was in it. */
  private void gone(String path, Fd upper, List<Fd> lowers) {
    SortedNames names = SortedNames.atDepth(DEEPEST, lowers);
    for (Map<String, List<Fd>> some = names.next(); !some.isEmpty(); some = names.next()) {
      for (String name : some.keySet()) {
        if (isIn(lowers, name) && Attributes.find(upper, name).isEmpty()) {
          found(path + "/" + name, ChangeKind.DELETED);
        }
      }
    }
  }

  private static boolean isIn(List<Fd> layers, String name) {
    for (Fd each : layers) {
      Optional<FileStatus> status = Attributes.find(each, name);
      if (status.isPresent()) {
        return !isWhiteout(status.get());
      }
    }
    return false;
  }

  /** The directories of that name, as far as nothing hides them. */
  private static void open(List<Fd> layers, String name, List<Fd> into) {
    for (Fd each : layers) {
      Optional<FileStatus> status = Attributes.find(each, name);
      if (status.isEmpty()) {
        continue;
      }
      if (status.get().type() != FileType.DIRECTORY) {
        return;
      }
      into.add(Open.directory(each, name));
      if (isOpaque(into.getLast())) {
        return;
      }
    }
  }

  private static boolean isWhiteout(FileStatus status) {
    return status.type() == FileType.CHARACTER_DEVICE && status.device().equals(NONE);
  }

  private static boolean isOpaque(Fd directory) {
    return ExtendedAttributes.get(directory, Overlayfs.OPAQUE).isPresent();
  }
}
