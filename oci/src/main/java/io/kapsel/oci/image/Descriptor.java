package io.kapsel.oci.image;

import io.kapsel.oci.InvalidSpecException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Points to content: its type, digest and size; see image-spec, descriptor.md. */
public record Descriptor(
    String mediaType,
    String digest,
    long size,
    List<String> urls,
    Map<String, String> annotations,
    Optional<Platform> platform,
    Optional<String> artifactType) {
  /** Checks the digest, and that the size can be one. */
  public Descriptor {
    urls = List.copyOf(urls);
    annotations = Map.copyOf(annotations);
    Digest.parse(digest);
    if (size < 0) {
      throw new InvalidSpecException("size", size, "is negative");
    }
  }

  /** One that says no more than it must. */
  public static Descriptor of(String mediaType, Digest digest, long size) {
    return new Descriptor(
        mediaType,
        digest.toString(),
        size,
        List.of(),
        Map.of(),
        Optional.empty(),
        Optional.empty());
  }

  /** Of content that is at hand. */
  public static Descriptor of(String mediaType, byte[] content) {
    return of(mediaType, Digest.of(content), content.length);
  }

  /** The same with these annotations and no others. */
  public Descriptor annotated(Map<String, String> other) {
    return new Descriptor(mediaType, digest, size, urls, other, platform, artifactType);
  }

  /** The same for a platform. */
  public Descriptor on(Platform where) {
    return new Descriptor(
        mediaType, digest, size, urls, annotations, Optional.of(where), artifactType);
  }

  /** The digest of the content. */
  public Digest id() {
    return Digest.parse(digest);
  }

  /** Whether it says who made an image rather than being one; BuildKit puts such into indexes. */
  public boolean isAttestation() {
    return annotations.containsKey("vnd.docker.reference.type")
        || platform.filter(it -> it.os().equals("unknown")).isPresent();
  }
}
