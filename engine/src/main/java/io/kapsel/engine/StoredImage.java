package io.kapsel.engine;

import io.kapsel.image.Image;
import io.kapsel.oci.image.Digest;
import java.util.List;

/**
 * The image that a container was made from. It stands on these layers whatever becomes of names.
 *
 * @param id the digest of the configuration
 * @param manifest the digest of the manifest
 * @param layers the lowest first, as the store of layers calls them
 */
record StoredImage(String id, String manifest, List<String> layers) {
  StoredImage {
    layers = List.copyOf(layers);
  }

  static StoredImage of(Image image, List<Digest> stack) {
    return new StoredImage(
        image.id().toString(),
        image.descriptor().digest(),
        stack.stream().map(Digest::toString).toList());
  }

  List<Digest> stack() {
    return layers.stream().map(Digest::parse).toList();
  }
}
