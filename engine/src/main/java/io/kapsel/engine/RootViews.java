package io.kapsel.engine;

import io.kapsel.engine.files.Ids;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.confine.RootView;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.host.Overlayfs;
import io.kapsel.linux.mount.FilesystemContext;
import io.kapsel.linux.mount.Mounts;
import io.kapsel.oci.Mount;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.LaunchException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Views of what is in containers, whether they run or not. */
final class RootViews {
  private RootViews() {}

  /** Makes a view, which is for one use. */
  @FunctionalInterface
  interface Maker {
    RootView make();
  }

  /** How to look at a container, and how its users are numbered in what is seen. */
  record Of(Maker maker, Ids ids) {}

  /** The mount namespace of a process, which must not end before this is open. */
  static Fd namespace(int pid) {
    return Open.path("/proc/" + pid + "/ns/mnt", OpenFlags.READ);
  }

  /** Of one that runs: all that it has mounted is there, too. */
  static Of running(Fd namespace, Optional<Long> idBase) {
    Ids ids = idBase.map(first -> Ids.from(first, Identity.ID_COUNT)).orElseGet(Ids::same);
    return new Of(() -> new RootView.OfProcess(namespace.duplicate(), (int) ids.first()), ids);
  }

  /**
   * Of one that does not run: the layers as the next start will show them, with its volumes and
   * what it has of the host. On disk its users have their own numbers.
   */
  static Of stopped(Kapsel engine, StoredContainer stored, List<Path> lowers) {
    if (!engine.facts().layersByDescriptor()) {
      throw new EngineException.Refused(
          "open the files of",
          stored.name(),
          "a kernel before Linux 6.15 shows them only while it runs; start it first");
    }
    return new Of(() -> assembled(engine, stored, lowers), Ids.same());
  }

  private static RootView assembled(Kapsel engine, StoredContainer stored, List<Path> lowers) {
    Path state = engine.store.stateOf(stored.id());
    Path layer = engine.store.layerOf(stored.id());
    List<RootView.Place> places = new ArrayList<>();
    boolean whole = false;
    try {
      for (Mount each :
          Mounting.compile(stored.spec(), state.resolve("files"), engine.volumes.directory(), 0)) {
        Optional<String> source = each.source().filter(it -> Files.exists(Path.of(it)));
        if (each.type().filter("bind"::equals).isPresent() && source.isPresent()) {
          places.add(
              RootView.Place.of(
                  shown(engine, stored, each, source.get()),
                  each.destination(),
                  each.options().contains("ro")));
        }
      }
      Fd root = overlay(lowers, layer);
      whole = true;
      return new RootView.Assembled(root, places, stored.spec().readOnly(), 0);
    } catch (SyscallException | LaunchException e) {
      throw new EngineException.Failed(
          "open the files of", stored.name(), String.valueOf(e.getMessage()), e);
    } finally {
      if (!whole) {
        places.forEach(place -> place.mount().close());
      }
    }
  }

  private static Fd shown(Kapsel engine, StoredContainer stored, Mount mount, String source) {
    Optional<Path> layer =
        mount.options().stream()
            .filter(it -> it.startsWith(Bundle.LAYER))
            .map(it -> Path.of(it.substring(Bundle.LAYER.length())))
            .findFirst();
    if (layer.isEmpty()) {
      return engine.ownedTrees.shown(tree(source, mount.options()), mount);
    }
    Path lower = engine.ownedTrees.seen(Path.of(source), stored.spec().owners());
    ContainerStore.makeLayer(layer.get(), lower);
    return overlay(List.of(lower), layer.get());
  }

  private static Fd tree(String source, List<String> options) {
    int flags = Mounts.CLONE | Mounts.RECURSIVE;
    return options.stream()
        .filter(it -> it.startsWith(Bundle.PART))
        .map(it -> Mounts.openTreeBelow(source, it.substring(Bundle.PART.length()), flags))
        .findFirst()
        .orElseGet(() -> Mounts.openTree(source, flags));
  }

  private static Fd overlay(List<Path> lowers, Path layer) {
    List<Fd> open = new ArrayList<>();
    try (FilesystemContext context = Overlayfs.open()) {
      for (Path each : lowers) {
        context.option("lowerdir+", opened(each, open));
      }
      context.option("upperdir", opened(layer.resolve("upper"), open));
      context.option("workdir", opened(layer.resolve("work"), open));
      return context.mount(0);
    } finally {
      open.forEach(Fd::close);
    }
  }

  private static Fd opened(Path path, List<Fd> open) {
    open.add(Open.path(path.toString(), OpenFlags.DIRECTORY));
    return open.getLast();
  }
}
