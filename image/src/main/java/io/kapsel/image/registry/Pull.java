package io.kapsel.image.registry;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.image.Image;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.image.Pins;
import io.kapsel.image.Stack;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.Index;
import io.kapsel.oci.image.Manifest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.stream.IntStream;

/** Brings an image from a registry into the store, and unpacks it on the way. */
public final class Pull {
  private static final int AT_ONCE = 6;
  private static final int DEEPEST = 3;

  private final ImageStore store;
  private final Client client;
  private final Progress progress;

  /** Into {@code store}. */
  public Pull(ImageStore store, Client client, Progress progress) {
    this.store = store;
    this.client = client;
    this.progress = progress;
  }

  /**
   * What came of it.
   *
   * @param changed whether the name means something else now than before
   */
  public record Pulled(Image image, Digest digest, boolean changed) {}

  /**
   * Pulls what a name means on a platform.
   *
   * @param exactly whether another platform's image is refused where there is no choice
   */
  public Pulled run(Reference name, Platform platform, boolean exactly) {
    Reference whole = name.orLatest();
    return client.any(
        whole,
        "pull",
        repository -> {
          try (Pins pins = store.pins()) {
            return pull(repository, whole, platform, exactly, pins);
          }
        });
  }

  private Pulled pull(
      Repository repository, Reference name, Platform platform, boolean exactly, Pins pins)
      throws IOException {
    Repository.Document top = repository.manifest(name.manifestName(), name.digest());
    Repository.Document chosen = choose(repository, top, platform, name, DEEPEST);
    Manifest manifest = read(chosen, Manifest.class, name);
    check(manifest, name);
    pin(pins, chosen.descriptor(), manifest);
    byte[] about = config(repository, manifest);
    ImageConfig config = read(about, name);
    if (exactly && platform.serves(config.platform()) == 0) {
      throw new ImageException.NotFound(
          "cannot pull '%s': it is for %s, not for %s"
              .formatted(name.familiar(), config.platform(), platform));
    }
    if (config.diffIds().size() != manifest.layers().size()) {
      throw new ImageException.Refused(
          "cannot pull '%s': it has %d layers, but the digests of %d"
              .formatted(name.familiar(), manifest.layers().size(), config.diffIds().size()));
    }
    config.diffIds().forEach(pins::add);
    fetch(repository, manifest, config, List.of(about, chosen.bytes()));
    Descriptor target = chosen.descriptor().on(config.platform());
    boolean listed = !top.descriptor().id().equals(target.id());
    Optional<Descriptor> before = store.target(name);
    store.name(name, target, listed ? Optional.of(top.descriptor().id()) : Optional.empty());
    Image image = store.image(target.id()).orElseThrow();
    unpack(repository, manifest, config, image);
    Thread.ofPlatform().daemon().name("kapsel-flush").start(store.layers()::makeDurable);
    boolean changed = before.filter(it -> it.id().equals(target.id())).isEmpty();
    return new Pulled(image, top.descriptor().id(), changed);
  }

  /** What was here already may be damaged; that turns out now, and it is fetched again. */
  private void unpack(Repository repository, Manifest manifest, ImageConfig config, Image image)
      throws IOException {
    try {
      new Stack(store).of(image);
    } catch (ImageException e) {
      if (manifest.layers().stream().allMatch(each -> store.blobs().has(each.id()))) {
        throw e;
      }
      fetch(repository, manifest, config, List.of());
      new Stack(store).of(image);
    }
  }

  private static Repository.Document choose(
      Repository repository,
      Repository.Document document,
      Platform platform,
      Reference name,
      int depth)
      throws IOException {
    if (!MediaTypes.isIndex(document.descriptor().mediaType())) {
      return document;
    }
    Index index = read(document, Index.class, name);
    if (index.manifests().size() > Index.MOST_MANIFESTS || depth == 0) {
      throw new ImageException.Refused(
          "cannot pull '%s': its index is too large or too deep".formatted(name.familiar()));
    }
    Descriptor found =
        index
            .find(platform)
            .orElseThrow(() ->
                new ImageException.NotFound(
                    "cannot pull '%s': it has nothing for %s"
                        .formatted(name.familiar(), platform)));
    Repository.Document next = repository.manifest(found.digest(), Optional.of(found.id()));
    return choose(repository, next, platform, name, depth - 1);
  }

  private static <T> T read(Repository.Document document, Class<T> type, Reference name) {
    try {
      return Json.read(document.bytes(), type);
    } catch (JsonException | InvalidSpecException e) {
      throw new ImageException.Refused(
          "cannot pull '%s': its manifest: %s".formatted(name.familiar(), e.getMessage()));
    }
  }

  private static void check(Manifest manifest, Reference name) {
    if (!manifest.isImage()) {
      throw new ImageException.Refused(
          "cannot pull '%s': it is no image but '%s'"
              .formatted(
                  name.familiar(), manifest.artifactType().orElse(manifest.config().mediaType())));
    }
    for (Descriptor layer : manifest.layers()) {
      if (MediaTypes.compression(layer.mediaType()).isEmpty()) {
        throw new ImageException.Refused(
            "cannot pull '%s': a layer is of the type '%s', which %s"
                .formatted(
                    name.familiar(),
                    layer.mediaType(),
                    MediaTypes.isForeign(layer.mediaType())
                        ? "only its publisher gives out"
                        : "cannot be unpacked"));
      }
    }
  }

  private static void pin(Pins pins, Descriptor descriptor, Manifest manifest) {
    pins.add(descriptor.id());
    pins.add(manifest.config().id());
    manifest.layers().forEach(layer -> pins.add(layer.id()));
  }

  private byte[] config(Repository repository, Manifest manifest) throws IOException {
    Optional<byte[]> known = store.blobs().findDocument(manifest.config().id());
    return known.isPresent() ? known.get() : repository.document(manifest.config());
  }

  private static ImageConfig read(byte[] config, Reference name) {
    try {
      return Json.read(config, ImageConfig.class);
    } catch (JsonException | InvalidSpecException e) {
      throw new ImageException.Refused(
          "cannot pull '%s': its configuration: %s".formatted(name.familiar(), e.getMessage()));
    }
  }

  /**
   * All layers side by side, the largest first, for it takes the longest; the documents are brought
   * to the disk before. The first failure ends the others.
   *
   * <p>Threads of the platform: flushing a blob holds a thread for as long as the disk takes, and
   * of the carriers of virtual ones there are only as many as processors.
   */
  private void fetch(
      Repository repository, Manifest manifest, ImageConfig config, List<byte[]> documents)
      throws IOException {
    List<Future<?>> all = new ArrayList<>();
    ThreadFactory platform = Thread.ofPlatform().daemon().name("kapsel-layer").factory();
    try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE, platform)) {
      documents.forEach(each -> all.add(threads.submit(() -> store.blobs().put(each))));
      LayerFetch fetch = new LayerFetch(store, repository, progress);
      List<Descriptor> layers = manifest.layers();
      IntStream.range(0, layers.size())
          .boxed()
          .sorted(Comparator.comparingLong(i -> -layers.get(i).size()))
          .forEach(i ->
              all.add(
                  threads.submit(() -> {
                    fetch.run(layers.get(i), config.diffIds().get(i));
                    return null;
                  })));
      await(all);
    }
  }

  private static void await(List<Future<?>> all) throws IOException {
    try {
      for (Future<?> each : all) {
        each.get();
      }
    } catch (ExecutionException e) {
      all.forEach(each -> each.cancel(true));
      if (e.getCause() instanceof ImageException known) {
        throw known;
      }
      if (e.getCause() instanceof IOException known) {
        throw known;
      }
      throw new IOException(String.valueOf(e.getCause()), e);
    } catch (InterruptedException | CancellationException e) {
      all.forEach(each -> each.cancel(true));
      Thread.currentThread().interrupt();
      throw new java.io.InterruptedIOException("interrupted");
    }
  }
}
