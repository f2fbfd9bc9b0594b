package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.engine.MoveMessages.Offer;
import io.kapsel.engine.MoveMessages.OfferedImage;
import io.kapsel.engine.MoveMessages.OfferedVolume;
import io.kapsel.engine.move.TreeReceiver;
import io.kapsel.engine.move.Wire;
import io.kapsel.engine.system.HostKeys;
import io.kapsel.image.Image;
import io.kapsel.image.ImageStore;
import io.kapsel.image.Pins;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.TreeClone;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What has come of a container that is not one yet. It lies among the layers that containers may
 * stand on, without a name: what nobody stands on when this is closed, or when the engine starts
 * the next time, goes.
 */
final class Staging implements AutoCloseable {
  private final Kapsel engine;
  private final Offer offer;
  private final ArrivalJournal journal;
  private final Map<String, String> layers = new LinkedHashMap<>();
  private final Pins pins;
  private Optional<StoredImage> image = Optional.empty();

  Staging(Kapsel engine, Offer offer) {
    this.engine = engine;
    this.offer = offer;
    this.journal = new ArrivalJournal(engine);
    this.pins = engine.images.store().pins();
    offer.image().ifPresent(it -> it.blobs().forEach(each -> pins.add(each.id())));
  }

  /** Takes a blob of the image; it is kept under the digest that it has. */
  void blob(Wire wire) throws IOException {
    String digest = wire.text();
    Descriptor wanted =
        offer.image().stream()
            .flatMap(it -> it.blobs().stream())
            .filter(each -> each.digest().equals(digest))
            .findFirst()
            .orElseThrow(() -> new IOException("'" + digest + "' was not offered"));
    long length = wire.number();
    Descriptor kept = engine.images.store().blobs().copy(wanted.mediaType(), wire.stream(length));
    if (!kept.digest().equals(digest)) {
      throw new IOException("'%s' came with other content".formatted(digest));
    }
  }

  /** Takes one round of a tree. */
  void tree(Wire wire) throws IOException {
    String name = wire.text();
    if (!names().contains(name)) {
      throw new IOException("'" + name + "' was not offered");
    }
    String layer = layers.computeIfAbsent(name, _ -> begun());
    try (Fd top = open(layer)) {
      TreeReceiver.round(wire, top);
    }
  }

  private Set<String> names() {
    Set<String> all =
        offer.snapshots().stream()
            .flatMap(each -> each.layers().stream())
            .map(each -> MoveMessages.LAYER + each)
            .collect(Collectors.toSet());
    all.add(MoveMessages.UPPER);
    offer.layers().forEach(each -> all.add(MoveMessages.LAYER + each));
    offer.volumes().forEach(each -> all.add(MoveMessages.VOLUME + each.name()));
    for (int i = 0; i < offer.plain(); i++) {
      all.add(MoveMessages.PLAIN + i);
    }
    return all;
  }

  private String begun() {
    String layer = engine.saved.begin();
    try {
      Files.createDirectory(engine.saved.tree(layer));
      return layer;
    } catch (IOException e) {
      engine.saved.release(List.of(layer));
      throw new EngineException.Failed("make", "a layer", AtomicFile.reason(e), e);
    }
  }

  private Fd open(String layer) {
    return Open.path(engine.saved.tree(layer).toString(), OpenFlags.DIRECTORY);
  }

  /** What has come is on the disk. */
  void flush() {
    try (Fd state = Open.path(engine.config.state().toString(), OpenFlags.DIRECTORY)) {
      Content.syncFilesystem(state);
    }
  }

  /** Whether it can become a container, as far as that is known before. */
  void check() {
    image = offer.image().map(this::used);
    ArrivalChecks.plan(engine, offer.spec(), standing());
  }

  /** The image under its name, unless another one has that here. */
  private StoredImage used(OfferedImage offered) {
    ImageStore store = engine.images.store();
    Image found =
        store
            .look(offered.manifest())
            .orElseThrow(() ->
                new EngineException.Invalid("use", offered.manifest().digest(), "it is no image"));
    pins.add(found);
    Optional<Reference> name = offered.name().map(Reference::parse);
    if (name.isPresent() && store.target(name.get()).isEmpty()) {
      store.name(name.get(), offered.manifest(), Optional.empty());
    } else {
      store.keep(offered.manifest());
    }
    return engine.images.use(found);
  }

  /** All that it stands on, the upper ones first, its own before the others. */
  private List<Path> standing() {
    List<Path> all = new ArrayList<>(engine.saved.trees(own(offer.layers())));
    image.ifPresent(it -> all.addAll(engine.images.layers(it)));
    return all;
  }

  /** Layers of it, and those below that no image has. */
  private List<String> own(List<String> wanted) {
    List<String> all = new ArrayList<>();
    wanted.forEach(each -> all.add(come(MoveMessages.LAYER + each)));
    for (int i = 0; i < offer.plain(); i++) {
      all.add(come(MoveMessages.PLAIN + i));
    }
    return all;
  }

  private String come(String name) {
    String layer = layers.get(name);
    if (layer == null) {
      throw new EngineException.Invalid("take", name, "it has not come");
    }
    return layer;
  }

  /** Makes the container. What was made for one that did not come to be goes again. */
  Container make() {
    List<String> volumes = offer.volumes().stream().map(OfferedVolume::name).toList();
    journal.write(offer.token(), volumes);
    boolean made = false;
    try {
      offer.volumes().forEach(this::volume);
      Container container = engine.create(offer.spec(), ground(), false);
      made = true;
      container.publish("arrive", Map.of("source", offer.source()));
      return container;
    } finally {
      if (!made) {
        volumes.forEach(journal::removeVolume);
      }
      journal.close(offer.token());
    }
  }

  private void volume(OfferedVolume wanted) {
    Volume volume =
        engine.volumes.create(wanted.name(), wanted.anonymous(), wanted.options(), wanted.labels());
    Path come = engine.saved.tree(come(MoveMessages.VOLUME + wanted.name()));
    if (wanted.options().isEmpty()) {
      engine.store.discard(volume.content());
      SavedLayers.move(come, volume.content());
      return;
    }
    try (Fd from = Open.path(come.toString(), OpenFlags.DIRECTORY);
        Fd to = Open.path(volume.content().toString(), OpenFlags.DIRECTORY)) {
      TreeClone.copy(from, to);
    }
  }

  private Ground ground() {
    boolean whole = offer.image().isEmpty();
    List<String> below = new ArrayList<>(own(offer.layers()));
    String upper = come(MoveMessages.UPPER);
    if (offer.copy()) {
      below.addFirst(upper);
    }
    return new Ground(
        image,
        Optional.empty(),
        Optional.of(new StoredContainer.Saved(below, whole)),
        assembly -> prepare(assembly, upper));
  }

  private void prepare(Assembly assembly, String upper) {
    Path state = engine.store.stateOf(assembly.identity().id());
    if (offer.copy()) {
      new Renewal(engine, assembly).apply(offer.source(), offer.keys());
    } else {
      engine.store.discard(assembly.upper());
      SavedLayers.move(engine.saved.tree(upper), assembly.upper());
      if (!offer.keys().isEmpty()) {
        HostKeys.later(state, offer.keys());
      }
    }
    Snapshots.write(engine, assembly.identity().id(), snapshots());
    journal.sign(state, offer.token());
  }

  private List<Snapshot> snapshots() {
    return offer.snapshots().stream()
        .map(each ->
            new Snapshot(
                Snapshot.SCHEMA,
                each.name(),
                each.createdAt(),
                each.expiresAt(),
                each.comment(),
                own(each.layers()),
                each.spec()))
        .toList();
  }

  @Override
  public void close() {
    engine.saved.release(layers.values());
    pins.close();
  }
}
