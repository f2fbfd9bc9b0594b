package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.Owners;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.mount.MountAttributes;
import io.kapsel.linux.mount.Mounts;
import io.kapsel.oci.IdMapping;
import io.kapsel.oci.Mount;
import io.kapsel.runtime.ContainerRuntime;
import io.kapsel.runtime.LaunchException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Directories of the host whose files belong to other ids than inside, as those of us see them who
 * look at files without a container: owners there are the container's own numbers, as in layers.
 */
final class OwnedTrees implements AutoCloseable {
  /** Whoever makes a container is done with it by then. */
  private static final long IDLE = Duration.ofMinutes(10).toNanos();

  /** Which directory, and to whom its files belong. */
  record Key(Path directory, Owners owners) {}

  /** A detached mount of what was there. */
  private record Seen(Fd tree, DeviceNumber filesystem, long inode, long used) {
    Seen usedAt(long now) {
      return new Seen(tree, filesystem, inode, now);
    }

    boolean isOf(FileStatus status) {
      return filesystem.equals(status.filesystem()) && inode == status.inode();
    }

    boolean isIdle(long now) {
      return now - used > IDLE;
    }

    /** Ends in a dot, so that nobody takes it for a link. */
    Path path() {
      return Path.of("/proc/self/fd/" + tree.number() + "/.");
    }
  }

  private final BiFunction<List<IdMapping>, List<IdMapping>, Fd> namespaces;
  private final Supplier<Stream<ContainerSpec>> specifications;
  private final LongSupplier nanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Key, Seen> all = new HashMap<>();

  /** Whose directory is another by now: somebody may have the path, which must not be another's. */
  private final List<Seen> replaced = new ArrayList<>();

  /** With the specifications of all containers that there are. */
  OwnedTrees(ContainerRuntime runtime, Supplier<Stream<ContainerSpec>> specifications) {
    this(runtime::userNamespace, specifications, System::nanoTime);
  }

  /** With whoever makes user namespaces, and a clock. */
  OwnedTrees(
      BiFunction<List<IdMapping>, List<IdMapping>, Fd> namespaces,
      Supplier<Stream<ContainerSpec>> specifications,
      LongSupplier nanos) {
    this.namespaces = namespaces;
    this.specifications = specifications;
    this.nanos = nanos;
  }

  /** Where a directory is seen with a container's own ids: where it is, if these are its owners. */
  Path seen(Path directory, Optional<Owners> owners) {
    return owners.map(it -> seen(new Key(directory, it))).orElse(directory);
  }

  private Path seen(Key key) {
    lock.lock();
    try (Fd now = Mounts.openTree(key.directory.toString(), Mounts.CLONE)) {
      FileStatus status = Attributes.status(now);
      Seen known = all.get(key);
      if (known == null || !known.isOf(status)) {
        sweep();
        known = map(key, now.duplicate(), status);
        replace(key);
      }
      all.put(key, known.usedAt(nanos.getAsLong()));
      return known.path();
    } catch (SyscallException | LaunchException e) {
      throw new EngineException.Failed(
          "use",
          "dir:" + key.directory,
          "its owners cannot be shown as others: " + e.getMessage(),
          e);
    } finally {
      lock.unlock();
    }
  }

  /** What is seen at a path that came from here. */
  Optional<Key> behind(Path path) {
    lock.lock();
    try {
      return all.entrySet().stream()
          .filter(each -> each.getValue().path().equals(path))
          .map(Map.Entry::getKey)
          .findFirst();
    } finally {
      lock.unlock();
    }
  }

  private Seen map(Key key, Fd tree, FileStatus status) {
    try (Fd namespace = namespace(key.owners, 0)) {
      Mounts.setAttributes(tree, 0, MountAttributes.idMapped(namespace));
      return new Seen(tree, status.filesystem(), status.inode(), nanos.getAsLong());
    } catch (RuntimeException e) {
      tree.close();
      throw e;
    }
  }

  private void replace(Key key) {
    Optional.ofNullable(all.remove(key))
        .ifPresent(old -> replaced.add(old.usedAt(nanos.getAsLong())));
  }

  private void sweep() {
    long now = nanos.getAsLong();
    all.entrySet().removeIf(each -> ended(each.getValue(), now, () -> isUsed(each.getKey())));
    replaced.removeIf(each -> ended(each, now, () -> false));
  }

  private static boolean ended(Seen seen, long now, BooleanSupplier needed) {
    boolean over = seen.isIdle(now) && !needed.getAsBoolean();
    if (over) {
      seen.tree.close();
    }
    return over;
  }

  private boolean isUsed(Key key) {
    return specifications
        .get()
        .anyMatch(it ->
            standsOn(it.root(), key.directory)
                && it.owners().filter(key.owners::equals).isPresent());
  }

  private static boolean standsOn(RootSource root, Path directory) {
    return switch (root) {
      case RootSource.Directory(Path path) -> path.equals(directory);
      case RootSource.Layers(List<Path> paths) -> paths.contains(directory);
      case RootSource.Host _, RootSource.Archive _, RootSource.Image _ -> false;
    };
  }

  /**
   * A tree that a mount is made of, seen as a start shows it: likewise with all that is mounted
   * below, or as it is where that cannot be. It is closed where this fails.
   */
  Fd shown(Fd tree, Mount mount) {
    if (mount.uidMappings().isEmpty()) {
      return tree;
    }
    try (Fd namespace = namespaces.apply(mount.uidMappings(), mount.gidMappings())) {
      mapIfPossible(tree, namespace);
      return tree;
    } catch (RuntimeException e) {
      tree.close();
      throw e;
    }
  }

  /** Some file systems show owners as they are, as at a start. */
  static void mapIfPossible(Fd tree, Fd namespace) {
    try {
      Mounts.setAttributes(tree, Mounts.RECURSIVE, MountAttributes.idMapped(namespace));
    } catch (SyscallException e) {
      if (!e.isNotMappable()) {
        throw e;
      }
    }
  }

  /** By which a mount shows owners to a container that has its 0 there. */
  Fd namespace(Owners owners, long firstId) {
    return namespaces.apply(mappings(owners.users(), firstId), mappings(owners.groups(), firstId));
  }

  /** Shows a directory likewise at its own place while something writes to it, as root of it. */
  void during(Path directory, Owners owners, Runnable work) {
    try (Fd place = Open.path(directory.toString(), OpenFlags.DIRECTORY);
        Fd tree = Mounts.openTree(directory.toString(), Mounts.CLONE);
        Fd namespace = namespace(owners, 0)) {
      Attributes.own(place, root(owners.users()), root(owners.groups()));
      Mounts.setAttributes(tree, 0, MountAttributes.idMapped(namespace));
      Mounts.move(tree, place);
    } catch (SyscallException | LaunchException e) {
      throw new EngineException.Failed(
          "use", "dir:" + directory, String.valueOf(e.getMessage()), e);
    }
    try {
      work.run();
    } finally {
      Mounts.detach(directory.toString());
    }
  }

  /** What may be missing where a container could not be started on a directory. */
  static Optional<String> mend(StoredContainer stored) {
    if (!(stored.spec().root() instanceof RootSource.Directory(Path path))
        || stored.spec().owners().isPresent()
        || stored.idBase().isEmpty()) {
      return Optional.empty();
    }
    try (Fd root = Open.path(path.toString(), OpenFlags.PATH)) {
      int owner = Attributes.status(root).uid();
      return owner < Identity.ID_COUNT
          ? Optional.empty()
          : Optional.of(
              "; '%s' belongs to %d, whom the container does not have: perhaps --owners b:0:%d:%d"
                  .formatted(path, owner, owner, Identity.ID_COUNT));
    } catch (SyscallException _) {
      return Optional.empty();
    }
  }

  /** Whose on the host what root's inside is; the host's root's where it is nobody's. */
  private static int root(List<Owners.Range> ranges) {
    List<IdMapping> all = mappings(ranges, 0);
    return all.stream()
        .filter(each -> each.hostId() == 0)
        .findFirst()
        .map(each -> (int) each.containerId())
        .orElse(0);
  }

  /**
   * How a mount shows what belongs to these: first the ids on the disk, then what the kernel sees.
   *
   * @param first what the container's 0 is for the kernel
   */
  static List<IdMapping> mappings(List<Owners.Range> ranges, long first) {
    return ranges.stream()
        .filter(each -> each.inside() < Identity.ID_COUNT)
        .map(each ->
            new IdMapping(
                each.outside(),
                first + each.inside(),
                Math.min(each.count(), Identity.ID_COUNT - each.inside())))
        .toList();
  }

  @Override
  public void close() {
    lock.lock();
    try {
      replaced.addAll(all.values());
      all.clear();
      replaced.forEach(each -> each.tree.close());
      replaced.clear();
    } finally {
      lock.unlock();
    }
  }
}
