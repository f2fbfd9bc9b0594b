package io.kapsel.image;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.AtomicFile.Durability;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Index;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * All images of an engine. On disk it is an OCI image layout (image-spec, image-layout.md), so any
 * tool that knows those reads it as it is; unpacked layers lie beside it.
 *
 * <p>Names live in {@code index.json}, which is replaced whole and only after everything that it
 * leads to is on the disk: no name ever means half an image.
 */
public final class ImageStore {
  /** The annotation of an entry that holds its whole name. */
  static final String NAME = "org.opencontainers.image.ref.name";

  /** The annotation that holds the digests of indexes that the manifest was chosen from. */
  static final String SOURCE = "io.kapsel.image.source";

  private static final System.Logger LOG = System.getLogger(ImageStore.class.getName());

  private final Path layout;
  private final Blobs blobs;
  private final Layers layers;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Digest, Integer> pinned = new HashMap<>();
  private final Catalogue catalogue;
  private volatile List<Descriptor> entries;
  private volatile Listed listed = new Listed(List.of(), List.of());

  /** The images that entries lead to, when all of them are sound. */
  private record Listed(List<Descriptor> entries, List<Image> images) {}

  private record Dated(Image image, Instant created) {}

  private ImageStore(Path state) throws IOException {
    layout = state.resolve("images");
    Files.createDirectories(layout);
    Files.setPosixFilePermissions(layout, PosixFilePermissions.fromString("rwx------"));
    blobs = new Blobs(layout.resolve("blobs"), state.resolve("downloads"));
    layers = new Layers(Files.createDirectories(state.resolve("layers")).resolve("sha256"));
    catalogue = new Catalogue(blobs);
    byte[] version = "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8);
    Path about = layout.resolve("oci-layout");
    if (!Files.exists(about) || !java.util.Arrays.equals(Files.readAllBytes(about), version)) {
      AtomicFile.write(about, version, Durability.SURVIVES_POWER_LOSS);
    }
    entries = readEntries();
  }

  /** Opens the images of the engine whose state is below {@code state}. */
  public static ImageStore open(Path state) {
    try {
      return new ImageStore(state);
    } catch (IOException e) {
      throw new ImageException.Failed(
          "cannot open '" + state.resolve("images") + "': " + AtomicFile.reason(e), e);
    } catch (UncheckedIOException e) {
      throw new ImageException.Failed(String.valueOf(e.getMessage()), e);
    }
  }

  private List<Descriptor> readEntries() throws IOException {
    Path file = layout.resolve("index.json");
    if (!Files.exists(file)) {
      write(List.of());
      return List.of();
    }
    try {
      return Json.read(Files.readAllBytes(file), Index.class).manifests();
    } catch (JsonException | InvalidSpecException e) {
      Path aside = layout.resolve("index.json.damaged-" + System.nanoTime());
      LOG.log(
          System.Logger.Level.ERROR,
          "the list of images is damaged and was put aside reason={0} file={1}",
          e.getMessage(),
          aside);
      Files.move(file, aside);
      write(List.of());
      return List.of();
    }
  }

  private void write(List<Descriptor> list) {
    AtomicFile.write(
        layout.resolve("index.json"), Json.write(Index.of(list)), Durability.SURVIVES_POWER_LOSS);
  }

  /** Where the layout is. */
  public Path layout() {
    return layout;
  }

  /** The content. */
  public Blobs blobs() {
    return blobs;
  }

  /** The unpacked layers. */
  public Layers layers() {
    return layers;
  }

  /** Begins to hold content that no name leads to. */
  public Pins pins() {
    return new Pins(this);
  }

  void pin(Digest digest) {
    lock.lock();
    try {
      pinned.merge(digest, 1, Integer::sum);
    } finally {
      lock.unlock();
    }
  }

  void unpin(Digest digest) {
    lock.lock();
    try {
      pinned.computeIfPresent(digest, (_, count) -> count == 1 ? null : count - 1);
    } finally {
      lock.unlock();
    }
  }

  /** All images, the newest first. An entry whose content is damaged is left out, and logged. */
  @SuppressWarnings("ReferenceEquality") // a change replaces the list
  public List<Image> images() {
    List<Descriptor> now = entries;
    Listed known = listed;
    return known.entries == now ? known.images : list(now);
  }

  private List<Image> list(List<Descriptor> now) {
    Map<Digest, List<Descriptor>> byManifest = new LinkedHashMap<>();
    for (Descriptor each : now) {
      byManifest.computeIfAbsent(each.id(), _ -> new ArrayList<>()).add(each);
    }
    List<Dated> found = new ArrayList<>();
    boolean sound = true;
    for (List<Descriptor> same : byManifest.values()) {
      try {
        catalogue
            .image(same, Platform.host())
            .ifPresent(image -> found.add(new Dated(image, image.created())));
      } catch (ImageException e) {
        sound = false;
        LOG.log(System.Logger.Level.WARNING, "an image is damaged: {0}", e.getMessage());
      }
    }
    List<Image> all =
        found.stream()
            .sorted(java.util.Comparator.comparing(Dated::created).reversed())
            .map(Dated::image)
            .toList();
    if (sound) {
      listed = new Listed(now, all);
    }
    return all;
  }

  /** The image that a user means: by name, by id, or by the beginning of an id. */
  public Optional<Image> find(String text) {
    return find(text, Platform.host());
  }

  /** The same for a platform, where the name leads to images for several. */
  public Optional<Image> find(String text, Platform platform) {
    Optional<Image> named = named(text).flatMap(name -> find(name, platform));
    return named.isPresent() ? named : byId(text);
  }

  private static Optional<Reference> named(String text) {
    try {
      return Optional.of(Reference.parse(text));
    } catch (InvalidSpecException _) {
      return Optional.empty();
    }
  }

  /** The image of that name. */
  public Optional<Image> find(Reference name, Platform platform) {
    Reference wanted = name.orLatest();
    return entries.stream()
        .filter(each -> means(each, wanted))
        .findFirst()
        .flatMap(each -> image(each.id(), platform));
  }

  private static boolean means(Descriptor entry, Reference wanted) {
    Optional<Reference> own = name(entry);
    if (wanted.digest().isEmpty()) {
      return own.filter(wanted::equals).isPresent();
    }
    Digest digest = wanted.digest().get();
    return own.filter(it -> it.name().equals(wanted.name())).isPresent()
        && (entry.id().equals(digest)
            || sources(entry).contains(digest)
            || own.get().digest().filter(digest::equals).isPresent());
  }

  private Optional<Image> byId(String text) {
    String hex = text.startsWith("sha256:") ? text.substring(7) : text;
    if (!io.kapsel.base.HexId.isPrefix(hex)) {
      return Optional.empty();
    }
    List<Image> found =
        images().stream()
            .filter(it -> it.id().hex().startsWith(hex) || it.descriptor().id().hex().equals(hex))
            .toList();
    if (found.size() > 1) {
      throw new ImageException.Conflict("cannot find '" + text + "': several ids begin like that");
    }
    return found.stream().findFirst();
  }

  /** The image with that manifest. */
  public Optional<Image> image(Digest manifest) {
    return image(manifest, Platform.host());
  }

  private Optional<Image> image(Digest manifest, Platform platform) {
    List<Descriptor> same = entries.stream().filter(each -> each.id().equals(manifest)).toList();
    return same.isEmpty() ? listed(manifest) : catalogue.image(same, platform);
  }

  /** One that only an index leads to. */
  private Optional<Image> listed(Digest manifest) {
    return entries.stream().anyMatch(each -> MediaTypes.isIndex(each.mediaType()))
        ? images().stream().filter(each -> each.descriptor().id().equals(manifest)).findFirst()
        : Optional.empty();
  }

  /** What the names of an image lead to: its manifest, or the index that it was chosen from. */
  public Descriptor target(Image image) {
    return entries.stream()
        .filter(each -> MediaTypes.isIndex(each.mediaType()))
        .filter(each -> image.sources().contains(each.id()))
        .findFirst()
        .map(each -> each.annotated(Map.of()))
        .orElse(image.descriptor());
  }

  /** What would be under a name that led there, for this machine; all of it must be here. */
  public Optional<Image> look(Descriptor target) {
    catalogue.check(target);
    return catalogue.image(List.of(target.annotated(Map.of())), Platform.host());
  }

  /** Where the name leads to: a manifest or an index. */
  public Optional<Descriptor> target(Reference name) {
    Reference wanted = name.orLatest();
    return entries.stream().filter(each -> means(each, wanted)).findFirst();
  }

  /** The name of an entry. */
  static Optional<Reference> name(Descriptor entry) {
    return Optional.ofNullable(entry.annotations().get(NAME)).flatMap(ImageStore::named);
  }

  static List<Digest> sources(Descriptor entry) {
    String text = entry.annotations().getOrDefault(SOURCE, "");
    return java.util.Arrays.stream(text.split(" "))
        .flatMap(each -> Digest.find(each).stream())
        .toList();
  }

  /**
   * Gives a name to what is in the store already, whole; whoever had the name before loses it, and
   * an image that loses its last one stays without a name.
   *
   * @param source the digest of the index that the manifest was chosen from
   */
  public void name(Reference name, Descriptor target, Optional<Digest> source) {
    catalogue.check(target);
    Map<String, String> annotations = new LinkedHashMap<>();
    annotations.put(NAME, name.toString());
    source.ifPresent(it -> annotations.put(SOURCE, it.toString()));
    Descriptor entry = target.annotated(annotations);
    change(before -> {
      List<Descriptor> after = new ArrayList<>();
      after.add(entry);
      for (Descriptor each : before) {
        boolean loses = name(each).filter(name::equals).isPresent();
        if (!loses && !(each.id().equals(target.id()) && name(each).isEmpty())) {
          after.add(each);
        } else if (loses && !each.id().equals(target.id()) && isOnly(before, each)) {
          after.add(each.annotated(Map.of()));
        }
      }
      return after;
    });
  }

  private static boolean isOnly(List<Descriptor> all, Descriptor entry) {
    return all.stream().filter(each -> each.id().equals(entry.id())).count() == 1;
  }

  /** Keeps an image without a name. */
  public void keep(Descriptor target) {
    catalogue.check(target);
    change(before -> {
      List<Descriptor> after = new ArrayList<>(before);
      if (before.stream().noneMatch(each -> each.id().equals(target.id()))) {
        after.addFirst(target.annotated(Map.of()));
      }
      return after;
    });
  }

  /** Takes a name away; the content stays until {@link #collect}. */
  public boolean unname(Reference name) {
    return change(before ->
        before.stream().filter(each -> !name(each).filter(name::equals).isPresent()).toList());
  }

  /** Takes an image away with all its names; the content stays until {@link #collect}. */
  public boolean forget(Image image) {
    return forget(target(image).id());
  }

  /** The same for several at once. */
  public boolean forget(Collection<Image> images) {
    Set<Digest> targets = new HashSet<>();
    images.forEach(each -> targets.add(target(each).id()));
    return change(before -> before.stream().filter(each -> !targets.contains(each.id())).toList());
  }

  /** The same by the digest that the names lead to. */
  public boolean forget(Digest target) {
    return change(before -> before.stream().filter(each -> !each.id().equals(target)).toList());
  }

  private boolean change(UnaryOperator<List<Descriptor>> edit) {
    lock.lock();
    try {
      List<Descriptor> after = List.copyOf(edit.apply(entries));
      if (after.equals(entries)) {
        return false;
      }
      write(after);
      entries = after;
      return true;
    } catch (UncheckedIOException e) {
      throw new ImageException.Failed(String.valueOf(e.getMessage()), e);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Removes blobs and layers that nothing leads to.
   *
   * @param used layers that containers stand on, asked for under the lock
   * @return bytes given back
   */
  public long collect(Supplier<Set<Digest>> used) {
    lock.lock();
    try {
      Set<Digest> reached = new HashSet<>(pinned.keySet());
      Set<Digest> stacked = new HashSet<>(used.get());
      stacked.addAll(pinned.keySet());
      for (Descriptor each : entries) {
        catalogue.reach(each, reached, stacked);
      }
      long freed = 0;
      for (Digest each : blobs.all()) {
        if (!reached.contains(each)) {
          freed += blobs.size(each).orElse(0L);
          blobs.delete(each);
        }
      }
      catalogue.retain(reached);
      return freed + layers.retain(stacked);
    } catch (IOException e) {
      throw new ImageException.Failed("cannot collect: " + AtomicFile.reason(e), e);
    } finally {
      lock.unlock();
    }
  }

  /** Whether a type is one that names may lead to. */
  public static boolean isTarget(String mediaType) {
    return MediaTypes.isManifest(mediaType) || MediaTypes.isIndex(mediaType);
  }
}
