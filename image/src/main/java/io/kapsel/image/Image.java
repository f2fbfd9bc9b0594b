package io.kapsel.image;

import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.Manifest;
import io.kapsel.oci.image.Reference;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;

/**
 * An image for one platform.
 *
 * @param names every name that means it
 * @param descriptor its manifest's
 * @param sources digests of indexes that it was chosen from
 */
public record Image(
    List<Reference> names,
    Descriptor descriptor,
    Manifest manifest,
    ImageConfig config,
    List<Digest> sources) {
  /** Copies the lists. */
  public Image {
    names = List.copyOf(names);
    sources = List.copyOf(sources);
  }

  /** What people call its id: the digest of its configuration. */
  public Digest id() {
    return manifest.config().id();
  }

  /** Bytes of its blobs. */
  public long blobBytes() {
    return descriptor.size()
        + manifest.config().size()
        + manifest.layers().stream().mapToLong(Descriptor::size).sum();
  }

  /** When it was made; the epoch when it does not say. */
  public Instant created() {
    try {
      return config.created().map(Instant::parse).orElse(Instant.EPOCH);
    } catch (DateTimeParseException _) {
      return Instant.EPOCH;
    }
  }

  /** The digests under which registries know it, with their names. */
  public List<Reference> repoDigests() {
    return names.stream()
        .flatMap(name ->
            java.util.stream.Stream.concat(
                    name.digest().stream(),
                    (sources.isEmpty() ? List.of(descriptor.id()) : sources).stream())
                .map(name::pinned))
        .distinct()
        .toList();
  }

  /** The first name, for messages; else the short id. */
  public String shown() {
    Optional<Reference> first = names.stream().findFirst();
    return first.map(Reference::familiar).orElseGet(() -> id().abbreviated());
  }
}
