package io.kapsel.oci.image;

import io.kapsel.oci.InvalidSpecException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Configuration and layers of an image for one platform; see image-spec, manifest.md. */
public record Manifest(
    int schemaVersion,
    Optional<String> mediaType,
    Optional<String> artifactType,
    Descriptor config,
    List<Descriptor> layers,
    Optional<Descriptor> subject,
    Map<String, String> annotations) {
  /** More layers than any image has. */
  public static final int MOST_LAYERS = 1000;

  /** Checks version and number of layers. */
  public Manifest {
    layers = List.copyOf(layers);
    annotations = Map.copyOf(annotations);
    if (schemaVersion != 2) {
      throw new InvalidSpecException("schemaVersion", schemaVersion, "is not 2");
    }
    if (layers.size() > MOST_LAYERS) {
      throw new InvalidSpecException("layers", layers.size(), "are more than 1,000");
    }
  }

  /** A manifest of OCI. */
  public static Manifest of(Descriptor config, List<Descriptor> layers) {
    return new Manifest(
        2,
        Optional.of(MediaTypes.MANIFEST),
        Optional.empty(),
        config,
        layers,
        Optional.empty(),
        Map.of());
  }

  /** Whether it describes an image, not something else that registries keep. */
  public boolean isImage() {
    return config.mediaType().equals(MediaTypes.CONFIG)
        || config.mediaType().equals(MediaTypes.DOCKER_CONFIG);
  }
}
