package io.kapsel.engine;

import io.kapsel.base.Json;
import io.kapsel.image.Image;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.image.Pins;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Index;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Names that lead to images for several platforms. */
final class Indexes {
  private final ImageStore store;

  Indexes(ImageStore store) {
    this.store = store;
  }

  /** Makes one of images that are here; its digest. */
  Digest make(Reference name, List<Image> images) {
    Map<Platform, Descriptor> entries = new LinkedHashMap<>();
    try (Pins pins = store.pins()) {
      for (Image image : images) {
        pins.add(image);
        Platform platform = image.config().platform();
        Descriptor bare = image.descriptor().annotated(Map.of()); // its name here is nobody else's
        if (entries.put(platform, bare.on(platform)) != null) {
          throw new ImageException.Conflict(
              "cannot make '%s': two images are for %s".formatted(name.familiar(), platform));
        }
      }
      return keep(name, List.copyOf(entries.values()), pins);
    }
  }

  /** Says of an image in one that it is for another platform; the index's new digest. */
  Digest annotate(Reference name, Image image, Platform platform) {
    Descriptor target =
        store
            .target(name)
            .filter(each -> MediaTypes.isIndex(each.mediaType()))
            .orElseThrow(() ->
                new ImageException.NotFound(
                    "cannot annotate '%s': there is no index with that name"
                        .formatted(name.familiar())));
    try (Pins pins = store.pins()) {
      pins.add(target.id());
      List<Descriptor> before =
          Json.read(store.blobs().document(target.id()), Index.class).manifests();
      before.forEach(each -> pins.add(each.id()));
      Digest wanted = image.descriptor().id();
      if (before.stream().noneMatch(each -> each.id().equals(wanted))) {
        throw new ImageException.NotFound(
            "cannot annotate '%s': '%s' is not in it".formatted(name.familiar(), image.shown()));
      }
      return keep(
          name,
          before.stream().map(each -> each.id().equals(wanted) ? each.on(platform) : each).toList(),
          pins);
    }
  }

  /**
   * Takes an image out of the index that these of its names lead to.
   *
   * @return false when nothing else that is here is in that index
   */
  boolean remove(Image image, List<Reference> names) {
    Descriptor target = store.target(image);
    Digest unwanted = image.descriptor().id();
    try (Pins pins = store.pins()) {
      pins.add(target.id());
      List<Descriptor> before =
          Json.read(store.blobs().document(target.id()), Index.class).manifests();
      if (before.stream().noneMatch(each -> each.id().equals(unwanted))) {
        throw new ImageException.Conflict(
            "cannot remove '%s': it is in an index inside another".formatted(image.shown()));
      }
      List<Descriptor> left =
          before.stream()
              .filter(each -> !each.id().equals(unwanted) && store.blobs().has(each.id()))
              .toList();
      if (left.isEmpty()) {
        return false;
      }
      left.forEach(each -> pins.add(each.id()));
      Descriptor rest = store.blobs().put(MediaTypes.INDEX, Json.write(Index.of(left)));
      pins.add(rest.id());
      return store.together(() -> {
        if (names.isEmpty()) {
          store.forget(target.id());
          store.keep(rest);
        }
        names.forEach(each -> {
          store.unname(each);
          store.name(each, rest, Optional.empty());
        });
        return true;
      });
    }
  }

  /** An index that had the name goes; an image would stay, without one. */
  private Digest keep(Reference name, List<Descriptor> entries, Pins pins) {
    Descriptor target = store.blobs().put(MediaTypes.INDEX, Json.write(Index.of(entries)));
    pins.add(target.id());
    return store.together(() -> {
      if (store.target(name).filter(each -> MediaTypes.isIndex(each.mediaType())).isPresent()) {
        store.unname(name.orLatest());
      }
      store.name(name.orLatest(), target, Optional.empty());
      return target.id();
    });
  }
}
