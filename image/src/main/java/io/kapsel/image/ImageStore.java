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
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
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
  private static final System.Logger LOG = System.getLogger(ImageStore.class.getName());

  private final Path layout;
  private final Blobs blobs;
  private final Layers layers;
  private final ReentrantLock lock = new ReentrantLock();
  private final ReentrantLock collecting = new ReentrantLock();
  private final Map<Digest, Integer> pinned = new HashMap<>();

  /** What was pinned or named since a collection began, which knows nothing of it. */
  private final Set<Digest> touched = new HashSet<>();

  private final Catalogue catalogue;
  private final ImageList list;
  private volatile List<Entry> entries;
  private boolean together;

  private ImageStore(Path state) throws IOException {
    layout = state.resolve("images");
    Files.createDirectories(layout);
    Files.setPosixFilePermissions(layout, PosixFilePermissions.fromString("rwx------"));
    blobs = new Blobs(layout.resolve("blobs"), state.resolve("downloads"));
    layers = new Layers(Files.createDirectories(state.resolve("layers")).resolve("sha256"));
    catalogue = new Catalogue(blobs);
    list = new ImageList(catalogue);
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

  private List<Entry> readEntries() throws IOException {
    Path file = layout.resolve("index.json");
    if (!Files.exists(file)) {
      write(List.of());
      return List.of();
    }
    try {
      return Json.read(Files.readAllBytes(file), Index.class).manifests().stream()
          .map(Entry::of)
          .toList();
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

  private void write(List<Entry> list) {
    List<Descriptor> targets = list.stream().map(Entry::target).toList();
    AtomicFile.write(
        layout.resolve("index.json"),
        Json.write(Index.of(targets)),
        Durability.SURVIVES_POWER_LOSS);
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
      touched.add(digest);
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
  public List<Image> images() {
    return list.of(entries);
  }

  /** The image that a user means: by name, by id, or by the beginning of an id. */
  public Optional<Image> find(String text) {
    return find(text, Platform.host());
  }

  /** The same for a platform, where the name leads to images for several. */
  public Optional<Image> find(String text, Platform platform) {
    Optional<Image> named = Entry.reference(text).flatMap(name -> find(name, platform));
    return named.isPresent() ? named : byId(text);
  }

  /** The image of that name. */
  public Optional<Image> find(Reference name, Platform platform) {
    return entry(name).flatMap(each -> image(each.id(), platform));
  }

  private Optional<Entry> entry(Reference name) {
    Reference wanted = name.orLatest();
    return entries.stream().filter(each -> each.isMeantBy(wanted)).findFirst();
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
    List<Entry> same = entries.stream().filter(each -> each.id().equals(manifest)).toList();
    return same.isEmpty() ? listed(manifest) : catalogue.image(same, platform);
  }

  /** One that only an index leads to. */
  private Optional<Image> listed(Digest manifest) {
    return entries.stream().anyMatch(Entry::isIndex)
        ? images().stream().filter(each -> each.descriptor().id().equals(manifest)).findFirst()
        : Optional.empty();
  }

  /** What the names of an image lead to: its manifest, or the index that it was chosen from. */
  public Descriptor target(Image image) {
    return entries.stream()
        .filter(each -> each.isIndex() && image.sources().contains(each.id()))
        .findFirst()
        .map(each -> each.target().annotated(Map.of()))
        .orElse(image.descriptor());
  }

  /** What would be under a name that led there, for this machine; all of it must be here. */
  public Optional<Image> look(Descriptor target) {
    return look(target, Platform.host());
  }

  /** The same for a platform. */
  public Optional<Image> look(Descriptor target, Platform platform) {
    catalogue.check(target);
    return catalogue.image(List.of(Entry.of(target).unnamed()), platform);
  }

  /** Where the name leads to: a manifest or an index. */
  public Optional<Descriptor> target(Reference name) {
    return entry(name).map(Entry::target);
  }

  /**
   * Gives a name to what is in the store already, whole; whoever had the name before loses it, and
   * an image that loses its last one stays without a name.
   *
   * @param source the digest of the index that the manifest was chosen from
   */
  public void name(Reference name, Descriptor target, Optional<Digest> source) {
    Entry entry = Entry.of(target, name, source);
    change(before -> {
      keepClosure(target);
      List<Entry> after = new ArrayList<>();
      after.add(entry);
      for (Entry each : before) {
        boolean loses = each.isNamed(name);
        if (!loses && !(each.id().equals(entry.id()) && each.name().isEmpty())) {
          after.add(each);
        } else if (loses && !each.id().equals(entry.id()) && isOnly(before, each)) {
          after.add(each.unnamed());
        }
      }
      return after;
    });
  }

  /** Fails unless all that a name will lead to is there, and keeps a collection off it. */
  private void keepClosure(Descriptor target) {
    touched.addAll(catalogue.check(target));
  }

  private static boolean isOnly(List<Entry> all, Entry entry) {
    return all.stream().filter(each -> each.id().equals(entry.id())).count() == 1;
  }

  /** Keeps an image without a name. */
  public void keep(Descriptor target) {
    Entry entry = Entry.of(target).unnamed();
    change(before -> {
      keepClosure(target);
      List<Entry> after = new ArrayList<>(before);
      if (before.stream().noneMatch(each -> each.id().equals(entry.id()))) {
        after.addFirst(entry);
      }
      return after;
    });
  }

  /** Takes a name away; the content stays until {@link #collect}. */
  public boolean unname(Reference name) {
    return change(before -> before.stream().filter(each -> !each.isNamed(name)).toList());
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

  private boolean change(UnaryOperator<List<Entry>> edit) {
    lock.lock();
    try {
      List<Entry> before = entries;
      List<Entry> after = List.copyOf(edit.apply(before));
      if (after.equals(before)) {
        return false;
      }
      if (!together) {
        save(after);
      }
      entries = after;
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void save(List<Entry> list) {
    try {
      write(list);
    } catch (UncheckedIOException e) {
      throw new ImageException.Failed(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Lets {@code work} change many names: they are brought to the disk once, after it, or none of
   * them.
   */
  public <T> T together(Supplier<T> work) {
    lock.lock();
    List<Entry> before = entries;
    boolean done = false;
    try {
      together = true;
      T result = work.get();
      if (!entries.equals(before)) {
        save(entries);
      }
      done = true;
      return result;
    } finally {
      together = false;
      if (!done) {
        entries = before;
      }
      lock.unlock();
    }
  }

  /**
   * Removes blobs and layers that nothing leads to. Whoever pins or names something meanwhile waits
   * for no more than a few files.
   *
   * @param used layers that containers stand on, asked for under the lock
   * @return bytes given back
   */
  public long collect(Supplier<Set<Digest>> used) {
    collecting.lock();
    try {
      Garbage garbage = locked(() -> garbage(used.get()));
      long freed = 0;
      for (Digest each : garbage.blobs()) {
        freed += locked(() -> touched.contains(each) ? 0 : blobs.discard(each));
      }
      List<Layers.Remains> remains = new ArrayList<>();
      try {
        for (Digest each : garbage.layers()) {
          locked(() ->
                  touched.contains(each) ? Optional.<Layers.Remains>empty() : layers.discard(each))
              .ifPresent(remains::add);
        }
      } finally {
        freed += layers.clear(remains);
      }
      return freed;
    } catch (IOException e) {
      throw new ImageException.Failed("cannot collect: " + AtomicFile.reason(e), e);
    } finally {
      collecting.unlock();
    }
  }

  private record Garbage(List<Digest> blobs, List<Digest> layers) {}

  private Garbage garbage(Set<Digest> used) throws IOException {
    touched.clear();
    Set<Digest> reached = new HashSet<>(pinned.keySet());
    Set<Digest> stacked = new HashSet<>(used);
    stacked.addAll(pinned.keySet());
    for (Entry each : entries) {
      catalogue.reach(each.target(), reached, stacked);
    }
    catalogue.retain(reached);
    return new Garbage(
        blobs.all().stream().filter(each -> !reached.contains(each)).toList(),
        layers.all().keySet().stream().filter(each -> !stacked.contains(each)).toList());
  }

  private interface Step<T> {
    T take() throws IOException;
  }

  private <T> T locked(Step<T> step) throws IOException {
    lock.lock();
    try {
      return step.take();
    } finally {
      lock.unlock();
    }
  }

  /** Whether a type is one that names may lead to. */
  public static boolean isTarget(String mediaType) {
    return MediaTypes.isManifest(mediaType) || MediaTypes.isIndex(mediaType);
  }
}
