package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.image.Image;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.Reference;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** What a container has on its root file system, without what is mounted there. */
public final class Contents {
  private final Kapsel engine;
  private final Container container;
  private final Optional<StoredImage> image;
  private final List<Path> layers;

  /**
   * Of one container.
   *
   * @param layers its own before those that it stands on
   */
  Contents(Kapsel engine, Container container, Optional<StoredImage> image, List<Path> layers) {
    this.engine = engine;
    this.container = container;
    this.image = image;
    this.layers = List.copyOf(layers);
  }

  List<Path> layers() {
    return layers;
  }

  /** Writes all of it as one archive. */
  public void export(OutputStream out) {
    Archiving.export(layers, out);
    container.publish("export", Map.of());
  }

  /**
   * Makes an image of what was changed. A running container is not stopped for it: a file that
   * changes at this moment may be caught half-way.
   */
  public Image commit(
      Optional<Reference> name,
      Optional<String> author,
      String comment,
      UnaryOperator<ImageConfig.Execution> change) {
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
    Image made =
        new Archiving(engine.images.store())
            .committed(
                base,
                layers,
                change.apply(execution),
                new Archiving.Remarks(
                    Instant.now(), author, String.join(" ", spec.arguments()), comment),
                name);
    container.publish("commit", Map.of("comment", comment));
    return made;
  }

  /** Bytes of the files in its own layer. */
  public long ownBytes() {
    return Usage.of(layers.getFirst());
  }

  /** Bytes of its own layer and of those that it stands on. */
  public long allBytes() {
    return layers.stream().mapToLong(Usage::of).sum();
  }
}
