package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.image.Image;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** What a container has on its root file system, without what is mounted there. */
public final class Contents {
  private final Kapsel engine;
  private final Container container;
  private final Optional<StoredImage> image;
  private final int own;
  private final List<Path> layers;

  /**
   * Of one container.
   *
   * @param below the layers that its own stands on
   */
  Contents(Kapsel engine, Container container, List<Path> below) {
    this.engine = engine;
    this.container = container;
    this.image = container.image();
    this.own = 1 + container.record().savedLayers().size();
    List<Path> all =
        new ArrayList<>(List.of(engine.store.layerOf(container.id()).resolve("upper")));
    all.addAll(below);
    this.layers = List.copyOf(all);
  }

  List<Path> layers() {
    return layers;
  }

  /** Writes all of it as one archive. */
  public void export(OutputStream out) {
    Archiving.export(layers, out);
    container.publish("export", Map.of());
  }

  /** Makes an image of what was changed. */
  public Image commit(Commit wanted) {
    ContainerSpec spec = container.spec();
    if (spec.root() instanceof RootSource.Host) {
      throw new EngineException.Refused(
          "commit",
          container.name(),
          "its root is a view of this machine, which is not to be given away");
    }
    Optional<Image> base =
        image.flatMap(it -> engine.images.store().image(Digest.parse(it.manifest())));
    if (image.isPresent() && base.isEmpty()) {
      throw new EngineException.Conflict("commit", container.name(), "its image was removed");
    }
    ImageConfig.Execution execution =
        ImageDefaults.execution(spec, base.map(it -> it.config().execution()));
    Archiving.Remarks remarks =
        new Archiving.Remarks(
            Instant.now(), wanted.author(), String.join(" ", spec.arguments()), wanted.comment());
    ImageConfig.Execution changed = wanted.change().apply(execution);
    boolean pauses = wanted.pause() && isRunning();
    if (pauses) {
      container.pause();
    }
    Image made;
    try {
      made =
          new Archiving(engine.images.store())
              .committed(base, own, layers, changed, remarks, wanted.name(), wanted.compression());
    } finally {
      if (pauses) {
        unpause();
      }
    }
    container.publish("commit", Map.of("comment", wanted.comment()));
    return made;
  }

  private boolean isRunning() {
    ContainerStatus status = container.status();
    return status.phase() == ContainerStatus.Phase.RUNNING && !status.paused();
  }

  /** It may have been killed or let go meanwhile. */
  private void unpause() {
    try {
      container.unpause();
    } catch (EngineException.Conflict | EngineException.NotFound _) {
      // then there is nothing to do
    }
  }

  /** Mounts all of it read-only at a place of the host, for as long as it does not run. */
  public FilesView view() {
    if (container.status().phase() == ContainerStatus.Phase.RUNNING) {
      throw new EngineException.Conflict("look into", container.name(), "it runs");
    }
    return FilesView.mount(engine.config.run(), container.name(), layers);
  }

  /** Lets something change its files at a place of the host; it does not start meanwhile. */
  public void changing(Consumer<Path> work) {
    container.life().lock();
    try {
      if (container.status().phase() == ContainerStatus.Phase.RUNNING) {
        throw new EngineException.Conflict("change the files of", container.name(), "it runs");
      }
      try (FilesView files = FilesView.writable(engine.config.run(), container.name(), layers)) {
        work.accept(files.place());
      }
    } finally {
      container.life().unlock();
    }
  }

  /** What its own layers stand on. */
  List<Path> ground() {
    return layers.subList(own, layers.size());
  }

  /** Writes the whole container as an archive, with its snapshots and what was said about it. */
  public void exportWhole(OutputStream out) {
    new WholeArchive(engine).write(container, out);
    container.publish("export", Map.of());
  }

  /** Bytes of the files in its own layers. */
  public long ownBytes() {
    return layers.stream().limit(own).mapToLong(Usage::of).sum();
  }

  /** Bytes of its own layers and of those that they stand on. */
  public long allBytes() {
    return layers.stream().mapToLong(Usage::of).sum();
  }
}
