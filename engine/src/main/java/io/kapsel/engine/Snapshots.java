package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.AtomicFile.Durability;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.base.Names;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** The snapshots of one container. What is on disk is the truth. */
public final class Snapshots {
  private static final System.Logger LOG = System.getLogger(Snapshots.class.getName());

  /** Of which it was said that they cannot be read: they are looked at again and again. */
  private static final Set<Path> TOLD = ConcurrentHashMap.newKeySet();

  private static final String PREFIX = "snap";
  private static final String SUFFIX = ".json";

  /** What is given up need not be shut down at any price: it may be too broken for that. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Kapsel engine;
  private final Container container;

  Snapshots(Kapsel engine, Container container) {
    this.engine = engine;
    this.container = container;
  }

  /** The layers that the container or one of its snapshots stands on, as far as that is known. */
  Set<String> knownLayers() {
    Set<String> all = new TreeSet<>(container.record().savedLayers());
    list().forEach(snapshot -> all.addAll(snapshot.layers()));
    return all;
  }

  /** All of them; fails when a snapshot cannot be read. */
  Set<String> allLayers() {
    Path directory = directory(engine, container.id());
    if (Files.isDirectory(directory)) {
      try (Stream<Path> files = Files.list(directory)) {
        files
            .filter(each -> each.toString().endsWith(SUFFIX))
            .filter(each -> read(each).isEmpty())
            .findAny()
            .ifPresent(each -> {
              throw new EngineException.Conflict(
                  "list", container.name(), "the snapshot '" + each + "' cannot be read");
            });
      } catch (IOException e) {
        throw new EngineException.Failed("list", container.name(), AtomicFile.reason(e), e);
      }
    }
    return knownLayers();
  }

  private static Path directory(Kapsel engine, String id) {
    return engine.store.stateOf(id).resolve("snapshots");
  }

  private Path file(String name) {
    return directory(engine, container.id()).resolve(name + SUFFIX);
  }

  /** All of a container, the oldest first. */
  static List<Snapshot> of(Kapsel engine, String id) {
    Path directory = directory(engine, id);
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(each -> each.getFileName().toString().endsWith(SUFFIX))
          .flatMap(each -> read(each).stream())
          .sorted(Comparator.comparing(Snapshot::createdAt).thenComparing(Snapshot::name))
          .toList();
    } catch (IOException e) {
      throw new EngineException.Failed("list the snapshots of", id, AtomicFile.reason(e), e);
    }
  }

  private static Optional<Snapshot> read(Path file) {
    try {
      Snapshot read = Json.read(Files.readAllBytes(file), Snapshot.class);
      if (read.schema() > Snapshot.SCHEMA) {
        throw new JsonException("it was written by a newer version");
      }
      TOLD.remove(file);
      return Optional.of(read);
    } catch (IOException | JsonException | IllegalArgumentException e) {
      if (TOLD.add(file)) {
        LOG.log(
            System.Logger.Level.ERROR,
            "a snapshot cannot be read and is left alone file={0} reason={1}",
            file,
            e.getMessage());
      }
      return Optional.empty();
    }
  }

  /** All, the oldest first. */
  public List<Snapshot> list() {
    return of(engine, container.id());
  }

  /** The one of that name. */
  public Snapshot get(String name) {
    return list().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new EngineException.NotFound(
                container.name() + "/" + name, "there is no such snapshot"));
  }

  /**
   * Keeps the container as it is now. One that runs stands still as long as that takes.
   *
   * @param wanted its name; absent: the next of snap0, snap1 …
   * @param keep how long; absent: until it is removed
   */
  public Snapshot take(Optional<String> wanted, String comment, Optional<Duration> keep) {
    container.life().lock();
    try {
      container.checkThere("save");
      if (container.spec().autoRemove()) {
        throw new EngineException.Refused(
            "save", container.name(), "it goes when it stops, and its snapshots with it");
      }
      String name = name(wanted);
      Files.createDirectories(directory(engine, container.id()));
      List<String> layers = new OwnLayer(engine, container).settle();
      try {
        Instant now = Instant.now();
        Snapshot made =
            new Snapshot(
                Snapshot.SCHEMA, name, now, keep.map(now::plus), comment, layers, container.spec());
        AtomicFile.write(file(name), Json.write(made), Durability.SURVIVES_POWER_LOSS);
        container.publish("snapshot", Map.of("snapshot", name));
        return made;
      } finally {
        engine.saved.release(layers);
      }
    } catch (IOException | UncheckedIOException e) {
      throw new EngineException.Failed("save", container.name(), String.valueOf(e.getMessage()), e);
    } finally {
      container.life().unlock();
    }
  }

  /** Gives a container that is being made the snapshots of another. */
  static void write(Kapsel engine, String id, List<Snapshot> all) {
    Path directory = directory(engine, id);
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new EngineException.Failed("make", directory.toString(), AtomicFile.reason(e), e);
    }
    for (Snapshot each : all) {
      if (!Names.isValid(each.name())) {
        throw new EngineException.Invalid("import", each.name(), "it is no name of a snapshot");
      }
      AtomicFile.write(
          directory.resolve(each.name() + SUFFIX), Json.write(each), Durability.SURVIVES_CRASH);
    }
  }

  /** One that has no file, be it one that cannot be read. */
  private String name(Optional<String> wanted) {
    if (wanted.isEmpty()) {
      int number = 0;
      while (Files.exists(file(PREFIX + number))) {
        number++;
      }
      return PREFIX + number;
    }
    String name = wanted.get();
    if (!Names.isValid(name)) {
      throw new EngineException.Invalid(
          "save", container.name(), "'" + name + "': only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
    }
    if (Files.exists(file(name))) {
      throw new EngineException.Conflict(
          "save", container.name(), "there is a snapshot '" + name + "' already");
    }
    return name;
  }

  /** Removes one; what others stand on stays. */
  public void remove(String name) {
    container.life().lock();
    try {
      Snapshot snapshot = get(name);
      Files.deleteIfExists(file(name));
      engine.saved.drop(snapshot.layers());
      container.publish("snapshot-delete", Map.of("snapshot", name));
    } catch (IOException e) {
      throw new EngineException.Failed("remove", name, AtomicFile.reason(e), e);
    } finally {
      container.life().unlock();
    }
  }

  /**
   * Makes the container what it was, its name and its snapshots apart. One that runs is stopped and
   * started again.
   */
  public void restore(String name) throws InterruptedException {
    get(name);
    boolean running = container.status().phase() == ContainerStatus.Phase.RUNNING;
    if (running) {
      container.stop(Optional.empty(), Optional.of(PATIENCE));
    }
    reset(name);
    if (running) {
      container.start();
    }
  }

  private void reset(String name) {
    container.life().lock();
    try {
      container.checkThere("restore");
      if (container.status().phase() == ContainerStatus.Phase.RUNNING) {
        throw new EngineException.Conflict("restore", container.name(), "it was started again");
      }
      Snapshot snapshot = get(name);
      List<String> before = new ArrayList<>(container.record().savedLayers());
      new OwnLayer(engine, container)
          .reset(snapshot.layers(), snapshot.spec().named(container.spec().name()));
      engine.saved.drop(before);
      container.publish("restore", Map.of("snapshot", name));
    } finally {
      container.life().unlock();
    }
  }
}
