package io.kapsel.image;

import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Reference;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An entry of {@code index.json}, whose annotations were read once.
 *
 * @param id the digest of the manifest or index that it leads to
 * @param sources the digests of indexes that the manifest was chosen from
 */
record Entry(Descriptor target, Digest id, Optional<Reference> name, List<Digest> sources) {
  /** The annotation that holds the whole name. */
  private static final String NAME = "org.opencontainers.image.ref.name";

  private static final String SOURCE = "io.kapsel.image.source";

  /** As {@code index.json} has it. */
  static Entry of(Descriptor target) {
    return new Entry(
        target,
        target.id(),
        Optional.ofNullable(target.annotations().get(NAME)).flatMap(Entry::reference),
        sources(target.annotations().getOrDefault(SOURCE, "")));
  }

  /** A new one. */
  static Entry of(Descriptor target, Reference name, Optional<Digest> source) {
    Map<String, String> annotations = new LinkedHashMap<>();
    annotations.put(NAME, name.toString());
    source.ifPresent(it -> annotations.put(SOURCE, it.toString()));
    return of(target.annotated(annotations));
  }

  private static List<Digest> sources(String text) {
    return Arrays.stream(text.split(" ")).flatMap(each -> Digest.find(each).stream()).toList();
  }

  /** What a user wrote, if it can be a name. */
  static Optional<Reference> reference(String text) {
    try {
      return Optional.of(Reference.parse(text));
    } catch (InvalidSpecException _) {
      return Optional.empty();
    }
  }

  /** The same without a name. */
  Entry unnamed() {
    return of(target.annotated(Map.of()));
  }

  boolean isNamed(Reference other) {
    return name.filter(other::equals).isPresent();
  }

  boolean isIndex() {
    return MediaTypes.isIndex(target.mediaType());
  }

  /** Whether a name, which may have a digest, means this. */
  boolean isMeantBy(Reference wanted) {
    if (wanted.digest().isEmpty()) {
      return isNamed(wanted);
    }
    Digest digest = wanted.digest().get();
    return name.filter(it -> it.name().equals(wanted.name())).isPresent()
        && (id.equals(digest)
            || sources.contains(digest)
            || name.get().digest().filter(digest::equals).isPresent());
  }
}
