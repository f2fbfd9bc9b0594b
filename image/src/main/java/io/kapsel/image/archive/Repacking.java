package io.kapsel.image.archive;

import io.kapsel.base.Json;
import io.kapsel.image.Image;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.image.Pins;
import io.kapsel.image.tar.Unpacking;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Manifest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.MediaTypes.Compression;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** Packs the layers of an image in another way. What they hold, and its id, stay the same. */
public final class Repacking {
  private Repacking() {}

  /** The image with all its layers packed like that: itself when they are. */
  public static Image of(ImageStore store, Image image, Compression wanted, Pins pins)
      throws IOException {
    List<Descriptor> layers = new ArrayList<>();
    for (int i = 0; i < image.manifest().layers().size(); i++) {
      Descriptor before = image.manifest().layers().get(i);
      boolean right = MediaTypes.compression(before.mediaType()).filter(wanted::equals).isPresent();
      layers.add(right ? before : repacked(store, before, image.config().diffIds().get(i), wanted));
      pins.add(layers.getLast().id());
    }
    if (layers.equals(image.manifest().layers())) {
      return image;
    }
    Descriptor config = image.manifest().config();
    byte[] manifest =
        Json.write(
            Manifest.of(
                Descriptor.of(MediaTypes.CONFIG, config.id(), config.size()),
                layers.stream().map(Repacking::named).toList()));
    Descriptor target = store.blobs().put(MediaTypes.MANIFEST, manifest);
    pins.add(target.id());
    return store.look(target.on(image.config().platform())).orElseThrow();
  }

  private static Descriptor named(Descriptor layer) {
    return Descriptor.of(MediaTypes.ociLayer(layer.mediaType()), layer.id(), layer.size());
  }

  private static Descriptor repacked(
      ImageStore store, Descriptor layer, Digest diffId, Compression wanted) throws IOException {
    try (InputStream plain = Unpacking.of(store.blobs().open(layer.id()))) {
      NewLayer made = NewLayer.write(store.blobs(), wanted, plain::transferTo);
      if (!made.diffId().equals(diffId)) {
        throw new ImageException.Failed(
            "cannot pack '" + layer.digest() + "': its content is not what its image says", null);
      }
      return made.descriptor();
    }
  }
}
