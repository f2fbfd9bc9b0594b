package io.kapsel.cli.command.image;

import io.kapsel.base.JsonName;
import io.kapsel.image.Image;
import io.kapsel.image.Layers;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.Reference;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All that is known of an image, with the keys of Docker. */
public record ImageInspection(
    @JsonName("Id") String id,
    @JsonName("RepoTags") List<String> repoTags,
    @JsonName("RepoDigests") List<String> repoDigests,
    @JsonName("Comment") String comment,
    @JsonName("Created") Optional<String> created,
    @JsonName("Author") String author,
    @JsonName("Config") ImageConfig.Execution config,
    @JsonName("Architecture") String architecture,
    @JsonName("Variant") Optional<String> variant,
    @JsonName("Os") String os,
    @JsonName("Size") long size,
    @JsonName("RootFS") RootFs rootFs,
    @JsonName("Descriptor") Target descriptor) {
  /** The layers before compression. */
  record RootFs(@JsonName("Type") String type, @JsonName("Layers") List<String> layers) {}

  /** The manifest. */
  record Target(String mediaType, String digest, long size) {}

  public static ImageInspection of(Image image, Map<Digest, Layers.Layer> layers) {
    ImageConfig config = image.config();
    return new ImageInspection(
        image.id().toString(),
        image.names().stream()
            .filter(name -> name.tag().isPresent())
            .map(Reference::familiar)
            .toList(),
        image.repoDigests().stream().map(Reference::familiar).toList(),
        config.history().isEmpty() ? "" : config.history().getLast().comment().orElse(""),
        config.created(),
        config.author().orElse(""),
        config.execution(),
        config.architecture(),
        config.variant(),
        config.os(),
        ImageRow.size(image, layers),
        new RootFs("layers", config.rootfs().diffIds()),
        new Target(
            image.descriptor().mediaType(),
            image.descriptor().digest(),
            image.descriptor().size()));
  }
}
