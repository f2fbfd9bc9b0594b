package io.kapsel.image;

import io.kapsel.base.AtomicFile;
import io.kapsel.image.tar.Extractor;
import io.kapsel.image.tar.Hashed;
import io.kapsel.image.tar.Unpacking;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.MediaTypes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The layers of an image, one on top of the other, unpacked where they are not yet. */
public final class Stack {
  /**
   * So many layers are mounted one by one. The kernel takes at most 500, older ones as many as
   * their names fit into a page; and each is looked at for each name that is not there.
   */
  private static final int MOST_MOUNTED = 100;

  /** Of more, the lower ones become one: as many of them as are a multiple of this. */
  private static final int MERGED = 50;

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
    return mounted(image, keys);
  }

  /** How many of the lowest layers of so many are merged into one directory. */
  static int merged(int layers) {
    return layers <= MOST_MOUNTED ? 0 : (layers - 1) / MERGED * MERGED;
  }

  /** The name of the lowest layers when they are merged, if they are. */
  static Optional<Digest> merged(List<Digest> diffIds) {
    int count = merged(diffIds.size());
    return count == 0 ? Optional.empty() : Optional.of(mergedKey(diffIds, count));
  }

  private static Digest mergedKey(List<Digest> diffIds, int count) {
    Optional<Digest> chain = Optional.empty();
    for (Digest each : diffIds.subList(0, count)) {
      chain = Optional.of(Layers.chain(chain, each));
    }
    return Digest.of(("merged " + chain.orElseThrow()).getBytes(StandardCharsets.UTF_8));
  }

  private List<Digest> mounted(Image image, List<Digest> keys) {
    int count = merged(keys.size());
    if (count == 0) {
      return keys;
    }
    Digest key = mergedKey(image.config().diffIds(), count);
    try {
      store.layers().make(key, directory -> union(keys.subList(0, count), directory));
    } catch (IOException | SyscallException e) {
      throw new ImageException.Failed(
          "cannot merge the layers of '%s': %s".formatted(image.shown(), e.getMessage()), e);
    }
    List<Digest> all = new ArrayList<>(List.of(key));
    all.addAll(keys.subList(count, keys.size()));
    return all;
  }

  private Extractor.Extracted union(List<Digest> keys, Fd directory) throws IOException {
    int entries = 0;
    for (Digest each : keys) {
      try (Fd layer = Open.path(store.layers().path(each).toString(), OpenFlags.DIRECTORY)) {
        entries += LayerUnion.add(layer, directory).entries();
      }
    }
    return new Extractor.Extracted(0, entries, false);
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
      boolean damaged =
          !isOurs(e) && store.blobs().has(blob.id()) && !store.blobs().isSound(blob.id());
      throw new ImageException.Failed(
          "cannot unpack '%s': layer %s: %s"
              .formatted(
                  image.shown(),
                  blob.id().abbreviated(),
                  damaged ? "it was damaged on the disk; pull it again" : AtomicFile.reason(e)),
          e);
    }
  }

  /** Whether this machine is to blame, not what was unpacked. */
  private static boolean isOurs(IOException e) {
    return e.getCause() instanceof SyscallException syscall && syscall.isShortage();
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
