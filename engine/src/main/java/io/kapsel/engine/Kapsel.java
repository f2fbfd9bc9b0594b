package io.kapsel.engine;

import io.kapsel.base.HexId;
import io.kapsel.base.Names;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.Owners;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.image.Image;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.image.Pins;
import io.kapsel.image.debian.DebianRequest;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.host.HostFinding;
import io.kapsel.linux.lsm.AppArmorProfile;
import io.kapsel.linux.lsm.SecurityModuleException;
import io.kapsel.linux.mount.MountTable;
import io.kapsel.network.Joined;
import io.kapsel.network.NetworkException;
import io.kapsel.network.Networks;
import io.kapsel.network.Refusal;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import io.kapsel.runtime.ContainerRuntime;
import io.kapsel.runtime.GuestRuntime;
import io.kapsel.runtime.LaunchException;
import io.kapsel.runtime.ProcView;
import io.kapsel.runtime.plan.LaunchPlan;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The engine in this process: makes, finds and keeps containers.
 *
 * <p>What it knows is an index of files on disk and of processes that go on without it; it can be
 * closed and opened again while containers run.
 */
public final class Kapsel implements AutoCloseable {
  final EngineConfig config;
  final ContainerStore store;
  final ContainerRuntime runtime;
  final HostRoot hostRoot;
  private final HostMounts hostMounts;
  final TarRoot tarRoot;
  final OwnedTrees ownedTrees;
  final SavedLayers saved;
  final Images images;
  final Joining joining;
  final Events events = new Events();
  final Companions companions = new Companions();
  final Moves moves = new Moves(this);
  final Volumes volumes;
  final IdRanges ranges;
  final String bootId = BootId.read();
  private final Map<String, Container> containers = new ConcurrentHashMap<>();
  private final Map<String, String> idsByName = new ConcurrentHashMap<>();
  private final SecureRandom random = new SecureRandom();
  final Renaming renaming = new Renaming(this, idsByName);
  private final SandboxPool pool;
  final Plans plans = new Plans(this);
  private final DebianImages debianImages;
  final Accounting accounting;
  final ProcView view;
  private final Profiles profiles;
  final Upkeep upkeep;
  final Autostart autostart = new Autostart();
  final Shutdown shutdown = new Shutdown(this);

  private Kapsel(EngineConfig config, ContainerStore store, ContainerRuntime runtime) {
    this.config = config;
    this.store = store;
    this.runtime = runtime;
    this.ranges = IdRanges.of(runtime.facts());
    this.hostMounts = new HostMounts(MountTable.read(), List.of(config.state(), config.run()));
    this.hostRoot =
        new HostRoot(List.of(config.state(), config.run()), runtime.facts().layersByDescriptor());
    this.tarRoot = new TarRoot(config.state().resolve("layers"));
    this.ownedTrees =
        new OwnedTrees(runtime, () -> containers.values().stream().map(Container::spec));
    this.saved = new SavedLayers(config.state(), store, this::savedLayers);
    this.images =
        new Images(
            ImageStore.open(config.state()),
            () -> containers.values().stream().flatMap(Kapsel::use).toList());
    this.volumes = new Volumes(config.state(), events, this::usersOfVolume);
    this.joining =
        new Joining(
            store,
            new Networks(config.networks()),
            this::container,
            () -> List.copyOf(containers.values()));
    joining.networks().refusals().tell(this::publish);
    this.pool = new SandboxPool(this, config.pool(), config.poolIdle());
    this.accounting = new Accounting(this);
    this.view = new ProcView(config.run(), this::showSystems);
    this.profiles = new Profiles(config.state());
    this.upkeep = new Upkeep(this);
    this.debianImages = new DebianImages(this, config.state());
  }

  /**
   * Opens the engine on its directories, finds running containers again and clears away what a
   * crash left half made.
   *
   * @throws EngineException.Conflict when another engine uses them
   */
  public static Kapsel open(EngineConfig config) {
    return open(config, engine -> engine.autostart.begin(engine));
  }

  static Kapsel open(EngineConfig config, Consumer<Kapsel> begin) {
    ContainerStore store = new ContainerStore(config.state(), config.run());
    try {
      HostFacts facts = HostFacts.probe();
      if (facts.loadsProfiles()) {
        AppArmorProfile.ensureLoaded(config.run());
      }
      Recovery found = Recovery.read(store);
      FilesView.clear(config.run());
      Kapsel engine = new Kapsel(config, store, ContainerRuntime.open(facts));
      found.apply(engine, engine::recover);
      engine.saved.sweep();
      engine.recoverNetworks();
      engine.moves.recover();
      begin.accept(engine);
      return engine;
    } catch (LaunchException | SecurityModuleException | ImageException | NetworkException e) {
      store.close();
      throw new EngineException.Refused("open", "the engine", String.valueOf(e.getMessage()));
    } catch (EngineException e) {
      store.close();
      throw e;
    }
  }

  private void recoverNetworks() {
    List<Networks.Running> running = new ArrayList<>();
    for (Container container : containers.values()) {
      Optional<Joined> joined = joining.read(container.id());
      container
          .status()
          .pid()
          .ifPresent(pid -> joined.ifPresent(it -> running.add(new Networks.Running(it, pid))));
    }
    containers.values().forEach(each -> joining.ask(each.id(), each.spec()));
    joining.networks().recover(running);
  }

  private void recover(StoredContainer stored) {
    stored.idBase().ifPresent(ranges::mark);
    Container container = new Container(this, stored);
    containers.put(stored.id(), container);
    idsByName.put(stored.name(), stored.id());
    new OwnLayer(this, container).recover();
    new Reconnecting(this, container).run();
  }

  private void publish(Refusal refusal) {
    events.publish(
        "network",
        "refuse",
        refusal.network().orElse(""),
        Map.of(
            "container", refusal.container(),
            "name", refusal.name(),
            "protocol", refusal.protocol(),
            "to", refusal.target()));
  }

  private static Stream<Images.Use> use(Container container) {
    boolean running = container.status().phase() == ContainerStatus.Phase.RUNNING;
    return container.image().stream()
        .map(image -> new Images.Use(container.name(), running, image));
  }

  private Set<String> usersOfVolume(String name) {
    return containers.values().stream()
        .filter(each -> Volumes.names(each.spec()).contains(name))
        .map(Container::id)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private Set<String> savedLayers() {
    return containers.values().stream()
        .flatMap(each -> each.snapshots().allLayers().stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Removes what is on disk of a container. */
  void clear(Container container) {
    Set<String> layers = container.snapshots().knownLayers();
    saved.hold(layers);
    try {
      store.remove(container.id());
      containers.remove(container.id());
      if (!container.spec().autoRemove()) {
        store.flush();
      }
    } finally {
      saved.release(layers);
    }
  }

  boolean runsWithVolume(String name) {
    return containers.values().stream()
        .filter(each -> each.status().phase() == ContainerStatus.Phase.RUNNING)
        .anyMatch(each -> Volumes.names(each.spec()).contains(name));
  }

  /** From now on this goes along with the life of all containers. */
  public void accompany(Companion companion) {
    companions.add(companion);
    containers().forEach(companion::found);
  }

  /** The profiles. */
  public Profiles profiles() {
    return profiles;
  }

  /** Moves to other engines. */
  public Moves moves() {
    return moves;
  }

  /** The end of all that runs. */
  public Shutdown shutdown() {
    return shutdown;
  }

  /** The volumes. */
  public Volumes volumes() {
    return volumes;
  }

  /** The images. */
  public Images images() {
    return images;
  }

  Image find(RootSource.Image source) {
    Platform platform = source.platform().map(Platform::parse).orElseGet(Platform::host);
    return images
        .store()
        .find(source.reference(), platform)
        .orElseThrow(() ->
            new EngineException.Invalid(
                "use", source.reference(), "there is no such image; pull it first"));
  }

  /** The networks. */
  public Networks networks() {
    return joining.networks();
  }

  /** What lies on disk and cannot be used, because it is damaged, and what programs are there. */
  public List<HostFinding> diagnose() {
    List<HostFinding> all = new ArrayList<>(SetAside.find(config.state(), volumes));
    all.add(ContainerCheckpoints.diagnose());
    return all;
  }

  /** What the host offers. */
  public HostFacts facts() {
    return runtime.facts();
  }

  /** Makes containers in other people's trees of processes, of which this engine knows nothing. */
  public GuestRuntime guests() {
    return runtime.guests();
  }

  /** Makes a container, without starting it. */
  public Container create(ContainerSpec spec) {
    return create(spec, false);
  }

  /** Makes a container that is started next: what takes longest is under way meanwhile. */
  public Container createToStart(ContainerSpec spec) {
    return create(spec, true);
  }

  /** Makes a container and starts it. */
  public Container run(ContainerSpec spec) {
    Container container = createToStart(spec);
    container.start();
    return container;
  }

  /** Makes a container like another, which stays as it is. */
  public Container copy(Container source, Cloning.Request request) {
    return new Cloning(this, source).copy(request);
  }

  /**
   * Makes a container from an archive with a whole one.
   *
   * @param trusted whether it may have of the host what it asks for
   */
  public Container imported(InputStream archive, Optional<String> name, boolean trusted) {
    return new WholeArchive(this).read(archive, name, trusted);
  }

  private ContainerSpec withHostMounts(ContainerSpec spec) {
    return spec.root() instanceof RootSource.Host ? hostMounts.addTo(spec) : spec;
  }

  private Container create(ContainerSpec asked, boolean soon) {
    ContainerSpec spec = EnginePlaces.given(withVolumesOfOthers(asked));
    if (!(spec.root() instanceof RootSource.Image source)) {
      return create(withHostMounts(spec), Ground.PLAIN, soon);
    }
    try (Pins pins = images.store().pins()) {
      Image image = find(source);
      images.hold(image, pins);
      ContainerSpec whole = ImageDefaults.apply(spec, image.config(), source.reference());
      return create(whole, Ground.of(images.use(image)), soon);
    }
  }

  /** What was made for a container that did not come to be goes again. */
  Container create(ContainerSpec spec, Ground ground, boolean soon) {
    ContainerSpec whole = volumes.hold(spec);
    boolean made = false;
    try {
      Container container = make(whole, ground, soon);
      made = true;
      return container;
    } finally {
      volumes.release(whole);
      if (!made) {
        volumes.removeAnonymous(whole);
      }
    }
  }

  /** Its own mounts come before those of others. */
  private ContainerSpec withVolumesOfOthers(ContainerSpec spec) {
    List<MountRequest> mounts = new ArrayList<>(spec.mounts());
    for (String text : spec.volumesFrom()) {
      int colon = text.indexOf(':');
      boolean readOnly = text.endsWith(":ro");
      if (colon >= 0 && !readOnly && !text.endsWith(":rw")) {
        throw new EngineException.Invalid(
            "create", text, "it is not NAME, NAME:ro or NAME:rw of a container with volumes");
      }
      Container other = container(colon < 0 ? text : text.substring(0, colon));
      other.spec().mounts().stream()
          .flatMap(mount -> MountRequest.shared(mount, readOnly).stream())
          .filter(mount -> mounts.stream().noneMatch(it -> it.target().equals(mount.target())))
          .forEach(mounts::add);
    }
    return mounts.equals(spec.mounts()) ? spec : spec.mounted(mounts);
  }

  private Container make(ContainerSpec asked, Ground ground, boolean soon) {
    ContainerSpec spec = config.logged(joining.resolved(asked));
    String id =
        Optional.of(spec)
            .filter(_ -> ground.saved().isEmpty())
            .flatMap(pool::idFor)
            .orElseGet(HexId::random);
    Optional<String> reserved = Optional.empty();
    boolean made = false;
    try {
      String name = reserve(id, spec.name());
      reserved = Optional.of(name);
      Optional<Long> base = pool.baseOf(id).or(() -> idBase(spec));
      StoredContainer stored =
          new StoredContainer(
              StoredContainer.FIRST_SCHEMA,
              id,
              name,
              spec,
              base,
              ground.archive().or(() -> archive(spec, ground)),
              ground.image(),
              Instant.now(),
              ContainerStatus.Phase.CREATED,
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              bootId,
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              ground.saved());
      Container container = new Container(this, stored);
      container.make(soon, ground.prepare());
      containers.put(id, container);
      made = true;
      container.publish("create", Map.of());
      return container;
    } catch (SyscallException e) {
      throw new EngineException.Failed(
          "create", reserved.orElse(id), String.valueOf(e.getMessage()), e);
    } finally {
      if (!made) {
        reserved.ifPresent(name -> idsByName.remove(name, id));
        pool.discard(id);
      }
    }
  }

  private Optional<String> archive(ContainerSpec spec, Ground ground) {
    return spec.root() instanceof RootSource.Archive(Path path)
            && ground.saved().filter(StoredContainer.Saved::whole).isEmpty()
        ? Optional.of(tarRoot.unpack(path).getFileName().toString())
        : Optional.empty();
  }

  private Optional<Long> idBase(ContainerSpec spec) {
    if (!hasUsers(spec)) {
      return Optional.empty();
    }
    return usersOf(spec)
        .flatMap(Container::idBase)
        .map(ranges::mark)
        .or(() -> Optional.of(ranges.take()));
  }

  static boolean hasUsers(ContainerSpec spec) {
    return spec.userns() instanceof NamespaceMode.Own && !spec.privileged();
  }

  /**
   * The container whose user namespace is shared, too: the processes and the memory of another are
   * out of reach for whoever is nobody there.
   */
  Optional<Container> usersOf(ContainerSpec spec) {
    if (!hasUsers(spec)) {
      return Optional.empty();
    }
    List<Container> owners =
        Stream.of(spec.pid(), spec.ipc())
            .filter(NamespaceMode.Container.class::isInstance)
            .map(mode -> container(((NamespaceMode.Container) mode).reference()))
            .filter(owner -> owner.idBase().isPresent())
            .distinct()
            .toList();
    if (owners.stream().map(Container::idBase).distinct().count() > 1) {
      throw new EngineException.Refused(
          "share",
          owners.getFirst().name(),
          "it and '%s' have different user namespaces".formatted(owners.getLast().name()));
    }
    return owners.stream().findFirst();
  }

  private String reserve(String id, Optional<String> wanted) {
    while (true) {
      String name = wanted.orElseGet(() -> Names.generate(random, idsByName::containsKey));
      String holder = idsByName.putIfAbsent(name, id);
      if (holder == null) {
        return name;
      }
      if (wanted.isPresent()) {
        throw new EngineException.Conflict(
            "create",
            name,
            ("the container name '/%s' is already in use by container '%s'; remove or rename that"
                    + " container")
                .formatted(name, holder));
      }
    }
  }

  /** Gives the container with that name, id, or beginning of an id another name. */
  public void rename(String reference, String name) {
    renaming.rename(reference, name);
  }

  /** What happens from now on, and what has happened lately. */
  public Events events() {
    return events;
  }

  /** The container with that name, id, or beginning of an id. */
  public Container container(String reference) {
    String name = reference.startsWith("/") ? reference.substring(1) : reference;
    String id = idsByName.getOrDefault(name, name);
    Container exact = containers.get(id);
    if (exact != null) {
      return exact;
    }
    List<Container> matches =
        HexId.isPrefix(name)
            ? containers.values().stream().filter(each -> each.id().startsWith(name)).toList()
            : List.of();
    if (matches.size() > 1) {
      throw new EngineException.Conflict("find", reference, "several ids begin like that");
    }
    if (matches.isEmpty()) {
      throw new EngineException.NotFound(reference);
    }
    return matches.getFirst();
  }

  private void showSystems() {
    for (Container each : containers.values()) {
      each.system().ifPresent(SystemLife::showAgain);
    }
  }

  /** All containers, the newest first. */
  public List<Container> containers() {
    return containers.values().stream()
        .sorted(Comparator.comparing((Container each) -> each.status().createdAt()).reversed())
        .toList();
  }

  /**
   * Makes an image from a Debian archive: downloads packages, unpacks them, and configures them in
   * a container. Nothing has the name before the image is whole.
   *
   * @param environment of the caller, for proxies
   * @param progress takes a line each time that something new begins
   * @return the image's id
   * @throws io.kapsel.image.ImageException when that cannot be done
   */
  public Digest createImage(
      DebianRequest request,
      Reference name,
      Map<String, String> environment,
      Consumer<String> progress)
      throws InterruptedException {
    return debianImages.create(request, name, environment, progress);
  }

  /** Every step that would make this container; nothing is made. */
  public LaunchPlan explain(ContainerSpec asked) {
    ContainerSpec whole = EnginePlaces.given(withVolumesOfOthers(asked));
    ContainerSpec spec =
        whole.root() instanceof RootSource.Image source
            ? ImageDefaults.apply(whole, find(source).config(), source.reference())
            : withHostMounts(whole);
    String id = "0".repeat(HexId.LENGTH);
    Optional<Long> base =
        hasUsers(spec)
            ? usersOf(spec).flatMap(Container::idBase).or(() -> Optional.of(ranges.first()))
            : Optional.empty();
    return runtime.plan(
        new Assembly(this, spec, new Identity(id, base), Optional.empty()).bundle());
  }

  /** The same for a bundle of the OCI runtime specification: a directory with a config.json. */
  public LaunchPlan explain(Path bundle) {
    return BundleExplanation.of(bundle, runtime);
  }

  SandboxPool pool() {
    return pool;
  }

  void forget(Container container) {
    idsByName.remove(container.name(), container.id());
    containers.remove(container.id());
    container.idBase().ifPresent(ranges::release);
  }

  /** Shows a directory with other owners while something fills it, as its root. */
  public void owned(Path directory, Owners owners, Runnable work) {
    ownedTrees.during(directory, owners, work);
  }

  /** Lets go of everything; containers run on. */
  @Override
  public void close() {
    autostart.close();
    events.close();
    upkeep.close();
    pool.close();
    containers.values().forEach(Container::release);
    joining.networks().close();
    view.close();
    ownedTrees.close();
    runtime.close();
    volumes.close();
    store.close();
  }
}
