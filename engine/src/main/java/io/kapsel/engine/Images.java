package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.image.Image;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.image.Layers;
import io.kapsel.image.Pins;
import io.kapsel.image.Stack;
import io.kapsel.image.archive.ArchiveReader;
import io.kapsel.image.archive.ArchiveWriter;
import io.kapsel.image.archive.Repacking;
import io.kapsel.image.registry.Client;
import io.kapsel.image.registry.Progress;
import io.kapsel.image.registry.Pull;
import io.kapsel.image.registry.Push;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.MediaTypes.Compression;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** The images of an engine. Failures are {@link ImageException}s. */
public final class Images {
  /** Who uses an image. */
  record Use(String container, boolean running, StoredImage image) {}

  /**
   * How much room images take.
   *
   * @param blobs bytes of blobs
   * @param layers bytes of unpacked layers
   * @param reclaimable bytes that a prune of all images would give back
   */
  public record Usage(int images, int active, long blobs, long layers, long reclaimable) {}

  private final ImageStore store;
  private final Stack stack;
  private final Indexes indexes;
  private final Supplier<Collection<Use>> uses;

  Images(ImageStore store, Supplier<Collection<Use>> uses) {
    this.store = store;
    this.stack = new Stack(store);
    this.indexes = new Indexes(store);
    this.uses = uses;
  }

  /** Images that no container is made from. */
  public static Images unused(ImageStore store) {
    return new Images(store, List::of);
  }

  /** Where they are kept. */
  public ImageStore store() {
    return store;
  }

  /** All images, the newest first. */
  public List<Image> list() {
    return store.images();
  }

  /** The image that a user means by a name, an id or the beginning of one. */
  public Optional<Image> find(String text) {
    return store.find(text);
  }

  /** The same; it must be there. */
  public Image get(String text) {
    return find(text).orElseThrow(() -> missing(text));
  }

  /** The same for a platform, if one is said. */
  private Image get(String text, Optional<Platform> platform) {
    if (platform.isEmpty()) {
      return get(text);
    }
    return store
        .find(text, platform.get())
        .filter(it -> platform.get().serves(it.config().platform()) > 0)
        .orElseThrow(() ->
            new ImageException.NotFound(
                "cannot find '%s': there is no such image for %s".formatted(text, platform.get())));
  }

  private static ImageException missing(String text) {
    return new ImageException.NotFound("cannot find '" + text + "': there is no such image");
  }

  /** Brings an image from a registry. */
  public Pull.Pulled pull(
      Reference name, Optional<Platform> platform, Client client, Progress progress) {
    return new Pull(store, client, progress)
        .run(name, platform.orElseGet(Platform::host), platform.isPresent());
  }

  /** The same with all layers packed like that, whatever they are here. */
  public Digest push(Reference name, Compression compression, Client client, Progress progress) {
    Image image = get(name.toString());
    if (MediaTypes.isIndex(store.target(image).mediaType())) {
      throw new ImageException.Invalid(
          "cannot push '" + name.familiar() + "': an index goes as it is, without --compression");
    }
    try (Pins pins = store.pins()) {
      pins.add(image);
      return new Push(store, client, progress)
          .run(name, Repacking.of(store, image, compression, pins));
    } catch (IOException e) {
      throw new ImageException.Failed(
          "cannot push '" + name.familiar() + "': " + AtomicFile.reason(e), e);
    }
  }

  /** Brings the image for one platform to a registry, where the name may lead to several. */
  public Digest push(Reference name, Platform platform, Client client, Progress progress) {
    Image image = get(name.toString(), Optional.of(platform));
    try (Pins pins = store.pins()) {
      pins.add(image);
      return new Push(store, client, progress).run(name, image);
    }
  }

  /** Brings an image to a registry; the digest under which it is known there. */
  public Digest push(Reference name, Client client, Progress progress) {
    return new Push(store, client, progress).run(name);
  }

  /**
   * Writes images, as users name them, into one archive that every engine reads.
   *
   * @param compression of all layers; nothing: as they are
   * @param platform where a name leads to images for several; nothing: this machine's
   */
  public void save(
      List<String> wanted,
      Optional<Compression> compression,
      Optional<Platform> platform,
      OutputStream out) {
    Map<Image, List<Reference>> images = new java.util.LinkedHashMap<>();
    try (Pins pins = store.pins()) {
      for (String text : wanted) {
        Image image = get(text, platform);
        pins.add(image);
        Image packed =
            compression.isEmpty() ? image : Repacking.of(store, image, compression.get(), pins);
        List<Reference> names = images.computeIfAbsent(packed, _ -> new ArrayList<>());
        image.names().stream()
            .filter(name -> isNamedBy(name, text) && name.tag().isPresent())
            .forEach(names::add);
      }
      ArchiveWriter.write(store, images, out);
    } catch (IOException e) {
      throw new ImageException.Failed("cannot save: " + AtomicFile.reason(e), e);
    }
  }

  /** Reads all images of an archive, or only those for a platform. */
  public List<Image> load(Optional<Platform> platform, InputStream in) {
    return ArchiveReader.read(store, platform, in);
  }

  /** Makes an image from the archive of a root file system. */
  public Image imported(
      InputStream in,
      Optional<Platform> platform,
      ImageConfig.Execution execution,
      Optional<Reference> name,
      String comment) {
    return new Archiving(store)
        .imported(
            in,
            platform.orElseGet(Platform::host),
            execution,
            new Archiving.Remarks(Instant.now(), Optional.empty(), "kapsel import", comment),
            name);
  }

  /** Gives an image one more name. */
  public void tag(String image, Reference name) {
    if (name.digest().isPresent()) {
      throw new ImageException.Invalid(
          "cannot tag '" + image + "': a name with a digest cannot be given");
    }
    Image found = get(image);
    Descriptor target = store.target(found);
    boolean listed = !target.id().equals(found.descriptor().id());
    store.name(
        name.orLatest(), target, listed ? Optional.empty() : found.sources().stream().findFirst());
  }

  /**
   * Makes an index of images for several platforms, under a name; pushing that pushes them all.
   *
   * @return its digest
   */
  public Digest index(Reference name, List<String> images) {
    return indexes.make(name, images.stream().map(this::get).toList());
  }

  /** Says of an image in an index that it is for another platform; the index's new digest. */
  public Digest annotate(Reference name, String image, Platform platform) {
    return indexes.annotate(name, get(image), platform);
  }

  /** Keeps an image's content from being collected until a container stands on it. */
  void hold(Image image, Pins pins) {
    pins.add(image);
  }

  /** The layers of an image, unpacked. */
  StoredImage use(Image image) {
    return StoredImage.of(image, stack.of(image));
  }

  /**
   * Where the layers of a container are, the upper one first; what a power loss took is unpacked.
   */
  List<Path> layers(StoredImage image) {
    List<Digest> wanted = image.stack();
    if (!wanted.stream().allMatch(each -> store.layers().find(each).isPresent())) {
      Image found =
          store.image(Digest.parse(image.manifest())).orElseThrow(() -> missing(image.id()));
      stack.of(found);
    }
    return stack.paths(wanted);
  }

  /**
   * What came of taking one image away.
   *
   * @param done one line each, in Docker's words
   */
  public record Removal(List<String> done, Optional<ImageException> failure) {}

  /**
   * Takes names, or images with all their names, away, one after the other and on disk in one step;
   * {@link #collect} gives back what nothing leads to then.
   *
   * @param platform where a name leads to images for several: only that one
   */
  public List<Removal> remove(List<String> wanted, Optional<Platform> platform, boolean force) {
    return store.together(
        () -> wanted.stream().map(each -> removal(each, platform, force)).toList());
  }

  private Removal removal(String text, Optional<Platform> platform, boolean force) {
    try {
      Image image = get(text, platform);
      boolean listed = platform.isPresent() && MediaTypes.isIndex(store.target(image).mediaType());
      return new Removal(
          listed ? removeListed(image, text, force) : remove(image, text, force), Optional.empty());
    } catch (ImageException e) {
      return new Removal(List.of(), Optional.of(e));
    }
  }

  private List<String> removeListed(Image image, String text, boolean force) {
    checkUnused(image, text, force);
    List<Reference> named = image.names().stream().filter(each -> isNamedBy(each, text)).toList();
    return indexes.remove(image, named.isEmpty() ? image.names() : named)
        ? List.of("Deleted: " + image.id())
        : remove(image, text, force);
  }

  private List<String> remove(Image image, String text, boolean force) {
    Optional<Reference> name =
        image.names().stream().filter(each -> isNamedBy(each, text)).findFirst();
    List<String> lines = new ArrayList<>();
    if (name.isPresent() && image.names().size() > 1) {
      store.unname(name.get());
      return List.of("Untagged: " + name.get().familiar());
    }
    if (name.isEmpty() && image.names().size() > 1 && !force) {
      throw new ImageException.Conflict(
          "cannot remove '%s': it has several names; use --force".formatted(text));
    }
    checkUnused(image, text, force);
    image.names().forEach(each -> lines.add("Untagged: " + each.familiar()));
    store.forget(image);
    lines.add("Deleted: " + image.id());
    return lines;
  }

  private static boolean isNamedBy(Reference name, String text) {
    try {
      Reference asked = Reference.parse(text).orLatest();
      return asked.digest().isPresent() ? asked.name().equals(name.name()) : asked.equals(name);
    } catch (io.kapsel.oci.InvalidSpecException _) {
      return false;
    }
  }

  private void checkUnused(Image image, String text, boolean force) {
    for (Use use : uses.get()) {
      if (use.image().manifest().equals(image.descriptor().digest()) && (use.running() || !force)) {
        throw new ImageException.Conflict(
            "cannot remove '%s': container '%s' %s"
                .formatted(
                    text,
                    use.container(),
                    use.running() ? "runs from it" : "was made from it; use --force"));
      }
    }
  }

  /** Removes images without a name, or all that no container was made from; bytes given back. */
  public long prune(boolean all, List<Image> removed) {
    return prune(all, _ -> true, removed);
  }

  /** The same; only those that are chosen. */
  public long prune(boolean all, Predicate<Image> chosen, List<Image> removed) {
    Set<String> used = new HashSet<>();
    uses.get().forEach(use -> used.add(use.image().manifest()));
    for (Image each : store.images()) {
      boolean unwanted = (all || each.names().isEmpty()) && chosen.test(each);
      if (unwanted && !used.contains(each.descriptor().digest())) {
        removed.add(each);
      }
    }
    store.forget(removed);
    return collect();
  }

  /** Gives back what nothing leads to; bytes. */
  public long collect() {
    return store.collect(this::usedLayers);
  }

  private Set<Digest> usedLayers() {
    Set<Digest> used = new HashSet<>();
    uses.get().forEach(use -> used.addAll(use.image().stack()));
    return used;
  }

  /** How much room they take, from figures that are kept: nothing is walked. */
  public Usage usage() {
    Set<String> used = new HashSet<>();
    uses.get().forEach(use -> used.add(use.image().manifest()));
    Map<Digest, Layers.Layer> layers = store.layers().all();
    Map<Digest, Long> blobs = new java.util.HashMap<>();
    Map<Digest, Long> kept = new java.util.HashMap<>();
    int active = 0;
    List<Image> images = store.images();
    for (Image each : images) {
      Map<Digest, Long> own = new java.util.HashMap<>();
      own.put(each.descriptor().id(), each.descriptor().size());
      own.put(each.manifest().config().id(), each.manifest().config().size());
      each.manifest().layers().forEach(layer -> own.put(layer.id(), layer.size()));
      blobs.putAll(own);
      if (used.contains(each.descriptor().digest())) {
        active++;
        kept.putAll(own);
      }
    }
    Set<Digest> standing = usedLayers();
    long all = layers.values().stream().mapToLong(Layers.Layer::bytes).sum();
    long needed =
        layers.entrySet().stream()
            .filter(each -> standing.contains(each.getKey()))
            .mapToLong(each -> each.getValue().bytes())
            .sum();
    long packed = sum(blobs);
    return new Usage(images.size(), active, packed, all, packed - sum(kept) + all - needed);
  }

  private static long sum(Map<Digest, Long> sizes) {
    return sizes.values().stream().mapToLong(Long::longValue).sum();
  }
}
