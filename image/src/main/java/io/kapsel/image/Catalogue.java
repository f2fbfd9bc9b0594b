package io.kapsel.image;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.Index;
import io.kapsel.oci.image.Manifest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Documents of the store, read once: content never changes under its digest. */
final class Catalogue {
  private static final int DEEPEST = 4;

  private final Blobs blobs;
  private final Map<Digest, Object> read = new ConcurrentHashMap<>();

  Catalogue(Blobs blobs) {
    this.blobs = blobs;
  }

  private <T> T read(Digest digest, Class<T> type) {
    Object known = read.get(digest);
    if (type.isInstance(known)) {
      return type.cast(known);
    }
    try {
      T value = Json.read(blobs.document(digest), type);
      read.put(digest, value);
      return value;
    } catch (JsonException | InvalidSpecException e) {
      throw new ImageException.Invalid("cannot read '" + digest + "': " + e.getMessage());
    }
  }

  /** What these entries, which all lead to one manifest or index, mean on a platform. */
  Optional<Image> image(List<Entry> entries, Platform platform) {
    Descriptor target = entries.getFirst().target();
    Optional<Descriptor> chosen = choose(target, platform, DEEPEST);
    if (chosen.isEmpty()) {
      return Optional.empty();
    }
    Manifest manifest = read(chosen.get().id(), Manifest.class);
    if (!manifest.isImage()) {
      return Optional.empty(); // something else that registries keep
    }
    List<Reference> names = entries.stream().flatMap(each -> each.name().stream()).toList();
    List<Digest> sources =
        entries.stream().flatMap(each -> each.sources().stream()).distinct().toList();
    return Optional.of(
        new Image(
            names,
            chosen.get(),
            manifest,
            read(manifest.config().id(), ImageConfig.class),
            MediaTypes.isIndex(target.mediaType()) ? List.of(target.id()) : sources));
  }

  private Optional<Descriptor> choose(Descriptor target, Platform platform, int depth) {
    if (!MediaTypes.isIndex(target.mediaType())) {
      return Optional.of(target);
    }
    if (depth == 0) {
      throw new ImageException.Invalid(
          "cannot read '" + target.digest() + "': indexes are nested too deep");
    }
    return read(target.id(), Index.class)
        .find(platform)
        .flatMap(each -> choose(each, platform, depth - 1));
  }

  /** Fails unless everything that {@code target} leads to, which this returns, is there. */
  Set<Digest> check(Descriptor target) {
    Set<Digest> all = closure(target, DEEPEST);
    for (Digest each : all) {
      if (!blobs.has(each)) {
        throw new ImageException.Invalid(
            "cannot name '" + target.digest() + "': '" + each + "' is missing");
      }
    }
    return all;
  }

  private Set<Digest> closure(Descriptor target, int depth) {
    Set<Digest> all = new java.util.LinkedHashSet<>();
    all.add(target.id());
    if (depth == 0 || !blobs.has(target.id())) {
      return all;
    }
    if (MediaTypes.isIndex(target.mediaType())) {
      for (Descriptor each : read(target.id(), Index.class).manifests()) {
        if (blobs.has(each.id())) { // an index may lead to platforms that nobody fetched
          all.addAll(closure(each, depth - 1));
        }
      }
    } else if (MediaTypes.isManifest(target.mediaType())) {
      Manifest manifest = read(target.id(), Manifest.class);
      all.add(manifest.config().id());
      manifest.layers().forEach(each -> all.add(each.id()));
    }
    return all;
  }

  /** Adds the blobs and the layers that an entry leads to. */
  void reach(Descriptor entry, Set<Digest> content, Set<Digest> stacked) {
    content.add(entry.id());
    try {
      for (Digest each : closure(entry, DEEPEST)) {
        content.add(each);
        if (read.get(each) instanceof Manifest manifest && manifest.isImage()) {
          stack(read(manifest.config().id(), ImageConfig.class), stacked);
        }
      }
    } catch (ImageException _) {
      // Damaged: what it leads to is unknown, but the entry is no reason to keep anything else.
    }
  }

  private static void stack(ImageConfig config, Set<Digest> stacked) {
    Optional<Digest> chain = Optional.empty();
    for (Digest diffId : config.diffIds()) {
      chain = Optional.of(Layers.chain(chain, diffId));
      stacked.add(diffId);
      stacked.add(chain.get());
    }
    Stack.merged(config.diffIds()).ifPresent(stacked::add);
  }

  void retain(Set<Digest> reached) {
    read.keySet().retainAll(reached);
  }
}
