package io.kapsel.oci.image;

import io.kapsel.oci.InvalidSpecException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A list of manifests, mostly one for each platform; see image-spec, image-index.md. */
public record Index(
    int schemaVersion,
    Optional<String> mediaType,
    Optional<String> artifactType,
    List<Descriptor> manifests,
    Optional<Descriptor> subject,
    Map<String, String> annotations) {
  /** More entries than any index from a registry has. */
  public static final int MOST_MANIFESTS = 10_000;

  /** Checks version and number of entries. */
  public Index {
    manifests = List.copyOf(manifests);
    annotations = Map.copyOf(annotations);
    if (schemaVersion != 2) {
      throw new InvalidSpecException("schemaVersion", schemaVersion, "is not 2");
    }
  }

  /** An index of OCI. */
  public static Index of(List<Descriptor> manifests) {
    return new Index(
        2, Optional.of(MediaTypes.INDEX), Optional.empty(), manifests, Optional.empty(), Map.of());
  }

  /** The entry for a platform: the best fit, and of equals the first. */
  public Optional<Descriptor> find(Platform wanted) {
    Optional<Descriptor> best = Optional.empty();
    int score = 0;
    for (Descriptor each : manifests) {
      int fit = each.isAttestation() ? 0 : each.platform().map(wanted::serves).orElse(1);
      if (fit > score) {
        best = Optional.of(each);
        score = fit;
      }
    }
    return best;
  }
}
