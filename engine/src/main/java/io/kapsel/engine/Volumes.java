package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.HexId;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.base.Names;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.MountRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The volumes of an engine. What is on disk is the truth; a crash leaves none half made. */
public final class Volumes {
  /** The directory of a volume's files, in its own. */
  static final String CONTENT = "_data";

  private static final System.Logger LOG = System.getLogger(Volumes.class.getName());
  private static final String FILE = "volume.json";
  private static final int SCHEMA = 1;

  /** What is on disk of one. */
  record StoredVolume(
      int schema,
      String name,
      Instant createdAt,
      boolean anonymous,
      Map<String, String> options,
      Map<String, String> labels) {}

  private final Path directory;
  private final Trash trash;
  private final Events events;
  private final Function<String, Set<String>> users;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Volume> volumes = new ConcurrentHashMap<>();
  private final Map<String, Integer> held = new HashMap<>();

  /**
   * Those in a directory.
   *
   * @param users the ids of the containers that use a volume
   */
  Volumes(Path state, Events events, Function<String, Set<String>> users) {
    this.directory = state.resolve("volumes");
    this.events = events;
    this.users = users;
    try {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x---"));
      this.trash = new Trash(state.resolve("trash-volumes"));
      try (Stream<Path> all = Files.list(directory)) {
        all.forEach(this::load);
      }
    } catch (IOException e) {
      throw new EngineException.Failed("open", directory.toString(), AtomicFile.reason(e), e);
    }
  }

  /** Those that no container uses. */
  public static Volumes unused(Path state) {
    return new Volumes(state, new Events(), _ -> Set.of());
  }

  private void load(Path each) {
    String name = String.valueOf(each.getFileName());
    try {
      if (!Files.exists(each.resolve(FILE))) {
        trash.add(each); // half made: nobody has used it
        return;
      }
      StoredVolume stored = Json.read(Files.readAllBytes(each.resolve(FILE)), StoredVolume.class);
      if (stored.schema() > SCHEMA || !stored.name().equals(name)) {
        throw new JsonException("it was written by a newer version, or for another volume");
      }
      volumes.put(name, volume(stored));
      if (VolumeOptions.stays(volume(stored))) {
        VolumeOptions.mount(volume(stored));
      }
    } catch (IOException | JsonException | EngineException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "a volume cannot be read and is left alone name={0} reason={1}",
          name,
          e.getMessage());
    }
  }

  private Volume volume(StoredVolume stored) {
    return new Volume(
        stored.name(),
        stored.createdAt(),
        stored.anonymous(),
        stored.options(),
        stored.labels(),
        contentOf(stored.name()));
  }

  Path directory() {
    return directory;
  }

  Path contentOf(String name) {
    return directory.resolve(name).resolve(CONTENT);
  }

  /** All, by name. */
  public List<Volume> list() {
    return volumes.values().stream().sorted(Comparator.comparing(Volume::name)).toList();
  }

  /** The one of that name. */
  public Volume get(String name) {
    return Optional.ofNullable(volumes.get(name)).orElseThrow(() -> missing(name));
  }

  private static EngineException missing(String name) {
    return new EngineException.NotFound(name, "there is no such volume");
  }

  /** The ids of the containers that use it. */
  public Set<String> users(Volume volume) {
    return users.apply(volume.name());
  }

  /** Bytes of its files. */
  public long bytes(Volume volume) {
    return Usage.of(volume.content());
  }

  /**
   * Makes one; one that is there and was made alike stays as it is.
   *
   * @param name of it; nothing: it gets a name that nobody has
   */
  public Volume create(
      Optional<String> name, Map<String, String> options, Map<String, String> labels) {
    name.filter(it -> !Names.isValid(it))
        .ifPresent(it -> {
          throw new EngineException.Invalid(
              "create", it, "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed in a volume's name");
        });
    VolumeOptions.check(name.orElse("a volume"), options);
    return create(name.orElseGet(HexId::random), name.isEmpty(), options, labels);
  }

  Volume create(
      String name, boolean anonymous, Map<String, String> options, Map<String, String> labels) {
    lock.lock();
    try {
      Volume known = volumes.get(name);
      if (known != null) {
        if (!options.isEmpty() && !options.equals(known.options())) {
          throw new EngineException.Conflict(
              "create", name, "a volume of that name was made with other options");
        }
        return known;
      }
      Volume made =
          write(new StoredVolume(SCHEMA, name, Instant.now(), anonymous, options, labels));
      volumes.put(name, made);
      events.publish("volume", "create", name, Map.of("driver", "local"));
      return made;
    } finally {
      lock.unlock();
    }
  }

  /** Its record is written last: without one it is half made. */
  private Volume write(StoredVolume stored) {
    Path place = directory.resolve(stored.name());
    try {
      if (!Files.exists(place.resolve(FILE))) {
        trash.add(place); // half made, when it could not be taken back
      }
      if (Files.exists(place)) {
        throw new EngineException.Conflict(
            "create", stored.name(), "its directory is there and cannot be read: " + place);
      }
      Files.createDirectory(place);
      Volume made = volume(stored);
      written(made, stored);
      return made;
    } catch (IOException | UncheckedIOException e) {
      throw new EngineException.Failed("create", stored.name(), String.valueOf(e.getMessage()), e);
    }
  }

  /** Nothing is left of one that cannot be made, so that its name is free. */
  private void written(Volume made, StoredVolume stored) throws IOException {
    Path place = directory.resolve(stored.name());
    boolean whole = false;
    try {
      Path content = Files.createDirectory(place.resolve(CONTENT));
      Files.setPosixFilePermissions(content, PosixFilePermissions.fromString("rwxr-xr-x"));
      if (VolumeOptions.stays(made)) {
        VolumeImage.make(stored.name(), place, VolumeImage.size(stored.options()).orElseThrow());
        VolumeOptions.mount(made);
        VolumeImage.empty(place.resolve(CONTENT));
      }
      AtomicFile.write(
          place.resolve(FILE),
          Json.write(stored),
          stored.anonymous()
              ? AtomicFile.Durability.SURVIVES_CRASH
              : AtomicFile.Durability.SURVIVES_POWER_LOSS);
      whole = true;
    } finally {
      if (!whole) {
        if (VolumeOptions.stays(made)) {
          VolumeOptions.unmount(made);
        }
        trash.add(place);
      }
    }
  }

  /** What a container asks for, with all its volumes there and named; {@link #release} follows. */
  ContainerSpec hold(ContainerSpec spec) {
    if (spec.mounts().stream().noneMatch(MountRequest.Volume.class::isInstance)) {
      return spec;
    }
    List<MountRequest> mounts = new ArrayList<>();
    lock.lock();
    try {
      for (MountRequest mount : spec.mounts()) {
        mounts.add(mount instanceof MountRequest.Volume volume ? hold(volume) : mount);
      }
    } finally {
      lock.unlock();
    }
    return spec.mounted(mounts);
  }

  private MountRequest hold(MountRequest.Volume wanted) {
    VolumeOptions.check(wanted.name(), wanted.made());
    boolean anonymous = wanted.name().isEmpty();
    String name = anonymous ? HexId.random() : wanted.name();
    Volume volume = create(name, anonymous, wanted.made(), Map.of());
    held.merge(volume.name(), 1, Integer::sum);
    return wanted.named(volume.name());
  }

  /** The container is there now, or will never be. */
  void release(ContainerSpec spec) {
    lock.lock();
    try {
      names(spec).forEach(name -> held.computeIfPresent(name, (_, n) -> n == 1 ? null : n - 1));
    } finally {
      lock.unlock();
    }
  }

  /** The volumes that a container has. */
  static Set<String> names(ContainerSpec spec) {
    return spec.mounts().stream()
        .filter(MountRequest.Volume.class::isInstance)
        .map(mount -> ((MountRequest.Volume) mount).name())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Removes one that nobody uses. */
  public void remove(String name) {
    lock.lock();
    try {
      Volume volume = get(name);
      Set<String> using = users.apply(name);
      if (!using.isEmpty() || held.containsKey(name)) {
        throw new EngineException.Conflict(
            "remove", name, "volume is in use - [" + String.join(", ", using) + "]");
      }
      VolumeOptions.unmount(volume);
      trash.add(directory.resolve(name));
      volumes.remove(name);
      if (!volume.anonymous()) {
        AtomicFile.flush(directory); // else it is back after a power loss
      }
      events.publish("volume", "destroy", name, Map.of("driver", "local"));
    } catch (IOException e) {
      throw new EngineException.Failed("remove", name, AtomicFile.reason(e), e);
    } finally {
      lock.unlock();
    }
  }

  /** What a copy of a container mounts: a volume that was made for that one alone is no other's. */
  MountRequest forAnother(MountRequest mount) {
    return mount instanceof MountRequest.Volume volume && get(volume.name()).anonymous()
        ? volume.named("")
        : mount;
  }

  /** Removes those of a container that has gone, which were made for it and nobody else uses. */
  void removeAnonymous(ContainerSpec spec) {
    for (String name : names(spec)) {
      Volume volume = volumes.get(name);
      if (volume != null && volume.anonymous() && users.apply(name).isEmpty()) {
        try {
          remove(name);
        } catch (EngineException e) {
          LOG.log(System.Logger.Level.WARNING, "a volume stays name=" + name, e);
        }
      }
    }
  }

  /** Mounts what the options of a container's volumes say. */
  void mount(ContainerSpec spec) {
    for (String name : names(spec)) {
      lock.lock();
      try {
        VolumeOptions.mount(get(name));
      } finally {
        lock.unlock();
      }
    }
  }

  /** Takes mounts away that no container needs that runs. */
  void unmount(ContainerSpec spec, Function<String, Boolean> needed) {
    for (String name : names(spec)) {
      lock.lock();
      try {
        Volume volume = volumes.get(name);
        if (volume != null
            && !volume.options().isEmpty()
            && !VolumeOptions.stays(volume)
            && !needed.apply(name)) {
          VolumeOptions.unmount(volume);
        }
      } finally {
        lock.unlock();
      }
    }
  }

  void close() {
    trash.close();
  }
}
