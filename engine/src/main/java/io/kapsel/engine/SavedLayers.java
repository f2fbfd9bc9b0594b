package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.HexId;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.TreeClone;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Layers that containers have written and write no more: what snapshots and clones stand on. One is
 * there as long as a container or a snapshot stands on it; the next start of the engine removes
 * what a crash has left.
 */
final class SavedLayers {
  private static final System.Logger LOG = System.getLogger(SavedLayers.class.getName());
  private static final String TREE = "tree";

  private final Path directory;
  private final ContainerStore store;
  private final Supplier<Set<String>> used;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Integer> held = new HashMap<>();

  /**
   * Those in a state directory.
   *
   * @param used the layers that containers and their snapshots stand on
   */
  SavedLayers(Path state, ContainerStore store, Supplier<Set<String>> used) {
    this.directory = state.resolve("saved");
    this.store = store;
    this.used = used;
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new EngineException.Failed("open", directory.toString(), AtomicFile.reason(e), e);
    }
  }

  /** Where the files of one are. */
  Path tree(String layer) {
    return directory.resolve(layer).resolve(TREE);
  }

  /** Where the files of several are. */
  List<Path> trees(List<String> layers) {
    return layers.stream().map(this::tree).toList();
  }

  boolean has(String layer) {
    return Files.isDirectory(tree(layer));
  }

  /** A new one that has no files yet; it is held until {@link #release}. */
  String begin() {
    String layer = HexId.random();
    hold(List.of(layer));
    try {
      Files.createDirectory(directory.resolve(layer));
    } catch (IOException e) {
      release(List.of(layer));
      throw new EngineException.Failed("make", "a layer", AtomicFile.reason(e), e);
    }
    return layer;
  }

  /** Makes a directory the files of a new one, or gives them back; in constant time. */
  static void move(Path from, Path to) {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new EngineException.Failed("move", from.toString(), AtomicFile.reason(e), e);
    }
  }

  /** Makes the files of a new one a copy of a directory that nobody writes meanwhile. */
  void copy(Path from, String layer) {
    try {
      Path to = Files.createDirectory(tree(layer));
      try (Fd source = Open.path(from.toString(), OpenFlags.DIRECTORY);
          Fd target = Open.path(to.toString(), OpenFlags.DIRECTORY)) {
        TreeClone.copy(source, target);
      }
    } catch (IOException e) {
      throw new EngineException.Failed("copy", from.toString(), AtomicFile.reason(e), e);
    } catch (SyscallException e) {
      throw new EngineException.Failed("copy", from.toString(), String.valueOf(e.getMessage()), e);
    }
  }

  /** Keeps layers that no record names yet. */
  void hold(Collection<String> layers) {
    lock.lock();
    try {
      layers.forEach(layer -> held.merge(layer, 1, Integer::sum));
    } finally {
      lock.unlock();
    }
  }

  /** Gives layers up; those go that nobody stands on. */
  void release(Collection<String> layers) {
    lock.lock();
    try {
      layers.forEach(layer -> held.computeIfPresent(layer, (_, n) -> n == 1 ? null : n - 1));
      drop(layers);
    } finally {
      lock.unlock();
    }
  }

  /** Removes those that nobody stands on any more; none, where that is not known. */
  void drop(Collection<String> layers) {
    if (layers.isEmpty()) {
      return;
    }
    lock.lock();
    try {
      Set<String> needed = new HashSet<>(used.get());
      needed.addAll(held.keySet());
      layers.stream()
          .filter(layer -> !needed.contains(layer))
          .forEach(layer -> store.discard(directory.resolve(layer)));
    } catch (EngineException.Conflict e) {
      LOG.log(System.Logger.Level.WARNING, "layers stay that nobody may need any more", e);
    } finally {
      lock.unlock();
    }
  }

  /** Removes what a crash has left; what was put aside because it cannot be read may need some. */
  void sweep() {
    if (store.hasQuarantine()) {
      return;
    }
    try (Stream<Path> all = Files.list(directory)) {
      drop(all.map(each -> each.getFileName().toString()).toList());
    } catch (IOException e) {
      throw new EngineException.Failed("list", directory.toString(), AtomicFile.reason(e), e);
    }
  }
}
