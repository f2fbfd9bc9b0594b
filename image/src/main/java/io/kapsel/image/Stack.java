package io.kapsel.image;

import io.kapsel.base.AtomicFile;
import io.kapsel.image.tar.Extractor;
import io.kapsel.image.tar.Hashed;
import io.kapsel.image.tar.Unpacking;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.MediaTypes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The layers of an image, one on top of the other, unpacked where they are not yet. */
public final class Stack {
  private final ImageStore store;

  /** Of images of {@code store}. */
  public Stack(ImageStore store) {
    this.store = store;
  }

  /** The layers of an image, the lowest first, by the names that {@link Layers} has for them. */
  public List<Digest> of(Image image) {
    List<Digest> diffIds = image.config().diffIds();
    List<Descriptor> blobs = image.manifest().layers();
    if (diffIds.size() != blobs.size()) {
      throw new ImageException.Invalid(
          "cannot unpack '%s': it has %d layers, but the digests of %d"
              .formatted(image.shown(), blobs.size(), diffIds.size()));
    }
    List<Digest> keys = new ArrayList<>();
    Optional<Digest> chain = Optional.empty();
    for (int i = 0; i < blobs.size(); i++) {
      Digest diffId = diffIds.get(i);
      chain = Optional.of(Layers.chain(chain, diffId));
      keys.add(layer(image, blobs.get(i), diffId, chain.get(), keys));
    }
    return keys;
  }

  /** Where these layers are, the upper ones first, as overlayfs wants them. */
  public List<Path> paths(List<Digest> keys) {
    return keys.reversed().stream().map(store.layers()::path).toList();
  }

  private Digest layer(
      Image image, Descriptor blob, Digest diffId, Digest chain, List<Digest> below) {
    try {
      store.layers().make(diffId, directory -> unpack(blob, diffId, directory, List.of()));
      boolean implied = store.layers().find(diffId).filter(Layers.Layer::implied).isPresent();
      if (below.isEmpty() || !implied) {
        return diffId;
      }
      store
          .layers()
          .make(
              chain,
              directory -> {
                List<Fd> lowers = new ArrayList<>();
                try {
                  for (Path each : paths(below)) {
                    lowers.add(Open.path(each.toString(), OpenFlags.PATH | OpenFlags.DIRECTORY));
                  }
                  return unpack(blob, diffId, directory, lowers);
                } finally {
                  lowers.forEach(Fd::close);
                }
              });
      return chain;
    } catch (IOException e) {
      throw new ImageException.Failed(
          "cannot unpack '%s': layer %s: %s"
              .formatted(image.shown(), blob.id().abbreviated(), AtomicFile.reason(e)),
          e);
    }
  }

  private Extractor.Extracted unpack(Descriptor blob, Digest diffId, Fd directory, List<Fd> lowers)
      throws IOException {
    if (MediaTypes.compression(blob.mediaType()).isEmpty()) {
      throw new IOException("'" + blob.mediaType() + "' is no layer that can be unpacked");
    }
    try (InputStream in = store.blobs().open(blob.id());
        Hashed plain = new Hashed(Unpacking.of(in), diffId.algorithm())) {
      Extractor.Extracted done = Extractor.extract(plain, directory, Extractor.Form.LAYER, lowers);
      if (!plain.finish().equals(diffId)) {
        throw new IOException("its content is not what the image's configuration says");
      }
      return done;
    }
  }
}
