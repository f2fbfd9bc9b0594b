package io.kapsel.image;

import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Platform;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The images that entries lead to. Of those that stay, nothing is made anew after a change. */
final class ImageList {
  private static final System.Logger LOG = System.getLogger(ImageList.class.getName());

  private final Catalogue catalogue;
  private volatile Listed last = new Listed(List.of(), Map.of(), List.of());

  private record Listed(List<Entry> entries, Map<Digest, Dated> known, List<Image> images) {}

  /** An image that these entries lead to, which are all with its manifest. */
  private record Dated(List<Entry> entries, Image image, Instant created) {}

  ImageList(Catalogue catalogue) {
    this.catalogue = catalogue;
  }

  /** The newest first. An entry whose content is damaged is left out, and logged. */
  @SuppressWarnings("ReferenceEquality") // a change replaces the list
  List<Image> of(List<Entry> entries) {
    Listed known = last;
    return known.entries == entries ? known.images : list(entries, known.known);
  }

  private List<Image> list(List<Entry> entries, Map<Digest, Dated> before) {
    Map<Digest, List<Entry>> byManifest = new LinkedHashMap<>();
    for (Entry each : entries) {
      byManifest.computeIfAbsent(each.id(), _ -> new ArrayList<>(1)).add(each);
    }
    Map<Digest, Dated> known = new HashMap<>();
    List<Dated> found = new ArrayList<>();
    boolean sound = true;
    for (Map.Entry<Digest, List<Entry>> each : byManifest.entrySet()) {
      try {
        dated(each.getValue(), Optional.ofNullable(before.get(each.getKey())))
            .ifPresent(dated -> {
              found.add(dated);
              known.put(each.getKey(), dated);
            });
      } catch (ImageException e) {
        sound = false;
        LOG.log(System.Logger.Level.WARNING, "an image is damaged: {0}", e.getMessage());
      }
    }
    List<Image> all =
        found.stream()
            .sorted(Comparator.comparing(Dated::created).reversed())
            .map(Dated::image)
            .toList();
    if (sound) {
      last = new Listed(entries, known, all);
    }
    return all;
  }

  private Optional<Dated> dated(List<Entry> same, Optional<Dated> before) {
    if (before.isPresent() && before.get().entries().equals(same)) {
      return before;
    }
    return catalogue
        .image(same, Platform.host())
        .map(image -> new Dated(same, image, image.created()));
  }
}
