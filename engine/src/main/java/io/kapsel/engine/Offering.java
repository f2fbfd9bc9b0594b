package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.engine.MoveMessages.Offer;
import io.kapsel.engine.MoveMessages.OfferedImage;
import io.kapsel.engine.MoveMessages.OfferedVolume;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.engine.system.HostKeys;
import io.kapsel.image.Image;
import io.kapsel.network.Attachment;
import io.kapsel.network.HostLink;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Platform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What of a container goes to another engine, and why it cannot. */
final class Offering {
  private final Kapsel engine;
  private final Container container;
  private final MoveRequest request;

  Offering(Kapsel engine, Container container, MoveRequest request) {
    this.engine = engine;
    this.container = container;
    this.request = request;
  }

  /** Why it cannot go; nothing when it can. */
  List<String> refusals() {
    ContainerSpec spec = container.spec();
    List<String> all = new ArrayList<>();
    if (spec.autoRemove()) {
      all.add("it goes when it stops");
    }
    if (spec.root() instanceof RootSource.Host) {
      all.add("its root is a view of this machine, which is not to be given away");
    }
    Stream.of(spec.network(), spec.ipc(), spec.pid(), spec.uts(), spec.userns(), spec.cgroupns())
        .filter(NamespaceMode.Container.class::isInstance)
        .map(mode -> "it shares a namespace with '%s'".formatted(reference(mode)))
        .distinct()
        .forEach(all::add);
    if (container.status().paused()) {
      all.add("it is paused; unpause it first");
    }
    spec.networks().map(NetworkRequest::hostLinks).orElse(List.of()).stream()
        .filter(link -> link.kind() != HostLink.Kind.JOINED)
        .map(link -> "it has the host's link '%s'".formatted(link.parent()))
        .forEach(all::add);
    for (MountRequest mount : spec.mounts()) {
      if (mount instanceof MountRequest.Bind bind && bind.layered()) {
        all.add("what it has written above the host's '%s' stays here".formatted(bind.source()));
      } else if (mount instanceof MountRequest.Bind bind && !request.binds()) {
        all.add(
            "it has the host's '%s'; --binds, if the same is there at the destination"
                .formatted(bind.source()));
      } else if (mount instanceof MountRequest.Volume volume) {
        refusal(volume.name()).ifPresent(all::add);
      }
    }
    return all;
  }

  private static String reference(NamespaceMode mode) {
    return ((NamespaceMode.Container) mode).reference();
  }

  private Optional<String> refusal(String name) {
    Volume volume = engine.volumes.get(name);
    if (volume.anonymous()) {
      return Optional.empty();
    }
    if (!request.volumes()) {
      return Optional.of("it has the volume '%s'; --volumes sends it along".formatted(name));
    }
    if (!volume.options().isEmpty() && VolumeImage.size(volume.options()).isEmpty()) {
      return Optional.of("what is in the volume '%s' is not kept by this engine".formatted(name));
    }
    Set<String> others = new LinkedHashSet<>(engine.volumes.users(volume));
    others.remove(container.id());
    return others.isEmpty() || request.copy()
        ? Optional.empty()
        : Optional.of("the volume '%s' is used by others, too".formatted(name));
  }

  /** The volumes that come along. */
  List<Volume> volumes() {
    return Volumes.names(container.spec()).stream()
        .map(engine.volumes::get)
        .filter(each -> !request.copy() || !each.anonymous())
        .toList();
  }

  Offer offer(String token) {
    Optional<OfferedImage> image = image();
    List<Snapshot> snapshots = request.snapshots() ? container.snapshots().list() : List.of();
    return new Offer(
        token,
        container.name(),
        request.copy(),
        request.dryRun(),
        Platform.host(),
        spec(),
        image,
        plain(image).size(),
        container.record().savedLayers(),
        snapshots,
        volumes().stream().map(Offering::offered).toList(),
        keys(),
        trees(image, snapshots).values().stream().mapToLong(Usage::stored).sum(),
        request.binds());
  }

  private static OfferedVolume offered(Volume volume) {
    return new OfferedVolume(volume.name(), volume.anonymous(), volume.options(), volume.labels());
  }

  private List<String> keys() {
    try {
      return HostKeys.noted(engine.store.stateOf(container.id()));
    } catch (IOException e) {
      throw new EngineException.Failed("move", container.name(), AtomicFile.reason(e), e);
    }
  }

  ContainerSpec spec() {
    String name = request.name().orElse(container.name());
    ContainerSpec spec = container.spec().named(Optional.of(name));
    Optional<NetworkRequest> networks = spec.networks().map(this::mapped);
    ContainerSpecBuilder there = new ContainerSpecBuilder(spec);
    networks.ifPresent(there::networks);
    if (request.copy()) {
      there.mounts(spec.mounts().stream().map(engine.volumes::forAnother).toList());
      networks.map(Cloning::readdressed).ifPresent(there::networks);
      if (spec.hostname().filter(container.name()::equals).isPresent()
          && Renewal.isHostname(name)) {
        there.hostname(name);
      }
    }
    return there.build();
  }

  /** An address in one network is none in another. */
  private NetworkRequest mapped(NetworkRequest networks) {
    return networks.attachedTo(
        networks.attachments().stream()
            .map(each ->
                request.networks().containsKey(each.network())
                    ? new Attachment(
                        request.networks().getOrDefault(each.network(), ""),
                        Optional.empty(),
                        Optional.empty(),
                        each.mac(),
                        each.aliases(),
                        each.priority())
                    : each)
            .toList());
  }

  /** Its image, as far as all of it is in the store; one that was removed has only layers left. */
  private Optional<OfferedImage> image() {
    Optional<Image> found =
        container
            .image()
            .filter(_ -> !standsOnItself())
            .flatMap(it -> engine.images.store().image(Digest.parse(it.manifest())));
    return found.map(this::offered).filter(it -> it.blobs().stream().allMatch(this::isThere));
  }

  private boolean isThere(Descriptor blob) {
    return engine.images.store().blobs().hasWhole(blob);
  }

  private OfferedImage offered(Image image) {
    List<Descriptor> blobs = new ArrayList<>(image.manifest().layers());
    blobs.add(image.manifest().config());
    blobs.add(image.descriptor());
    return new OfferedImage(
        image.descriptor(), blobs, image.names().stream().findFirst().map(Object::toString));
  }

  private boolean standsOnItself() {
    return container.record().saved().filter(StoredContainer.Saved::whole).isPresent();
  }

  private List<Path> plain(Optional<OfferedImage> image) {
    return image.isPresent() || standsOnItself() ? List.of() : container.contents().ground();
  }

  /** What nobody writes any more, by the names that the messages have for it. */
  Map<String, Path> settled(Offer offer) {
    Map<String, Path> all = trees(offer.image(), offer.snapshots());
    written().keySet().forEach(all::remove);
    return all;
  }

  /** What is written while the container runs. */
  Map<String, Path> written() {
    Map<String, Path> all = new LinkedHashMap<>();
    all.put(MoveMessages.UPPER, engine.store.layerOf(container.id()).resolve("upper"));
    volumes().forEach(each -> all.put(MoveMessages.VOLUME + each.name(), each.content()));
    return all;
  }

  private Map<String, Path> trees(Optional<OfferedImage> image, List<Snapshot> snapshots) {
    Map<String, Path> all = new LinkedHashMap<>();
    List<Path> plain = plain(image);
    for (int i = 0; i < plain.size(); i++) {
      all.put(MoveMessages.PLAIN + i, plain.get(i));
    }
    Set<String> layers = new LinkedHashSet<>(container.record().savedLayers());
    snapshots.forEach(each -> layers.addAll(each.layers()));
    layers.forEach(each -> all.put(MoveMessages.LAYER + each, engine.saved.tree(each)));
    all.putAll(written());
    return all;
  }
}
