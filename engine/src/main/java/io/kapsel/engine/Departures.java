package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.AtomicFile.Durability;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Containers that are about to run elsewhere, on disk and in memory. While one is noted here it
 * cannot be started: it would run twice.
 */
final class Departures {
  private static final System.Logger LOG = System.getLogger(Departures.class.getName());
  private static final String FILE = "moving.json";

  /**
   * One of them.
   *
   * @param handedOver whether the other engine was told to take it, so that it may have it
   * @param ran whether it was running before
   */
  record Departure(String token, String destination, String name, boolean handedOver, boolean ran) {
    Departure over() {
      return new Departure(token, destination, name, true, ran);
    }
  }

  private final Kapsel engine;
  private final Map<String, Departure> all = new ConcurrentHashMap<>();

  Departures(Kapsel engine) {
    this.engine = engine;
  }

  private Path file(Container container) {
    return engine.store.stateOf(container.id()).resolve(FILE);
  }

  Optional<Departure> find(Container container) {
    return Optional.ofNullable(all.get(container.id()));
  }

  /** One moves at a time: from here on the container is this move's. */
  void begin(Container container, Departure departure) {
    container.life().lock();
    try {
      if (all.containsKey(container.id())) {
        throw new EngineException.Conflict(
            "move", container.name(), "it is being moved by somebody else");
      }
      note(container, departure);
    } finally {
      container.life().unlock();
    }
  }

  void note(Container container, Departure departure) {
    try {
      AtomicFile.write(file(container), Json.write(departure), Durability.SURVIVES_POWER_LOSS);
      all.put(container.id(), departure);
    } catch (UncheckedIOException e) {
      throw new EngineException.Failed("move", container.name(), String.valueOf(e.getMessage()), e);
    }
  }

  void forget(Container container) {
    try {
      Files.deleteIfExists(file(container));
      all.remove(container.id());
    } catch (IOException e) {
      throw new EngineException.Failed("move", container.name(), AtomicFile.reason(e), e);
    }
  }

  /** It was removed, and its file with it. */
  void gone(Container container) {
    all.remove(container.id());
  }

  /** Before any start. */
  void check(Container container) {
    Departure known = all.get(container.id());
    if (known != null && known.handedOver()) {
      throw new EngineException.Conflict(
          "start",
          container.name(),
          ("it was handed over to %s and may run there; 'kapsel move %s %s' finds out, 'kapsel move"
                  + " --take-back %s' starts it here if it is lost there")
              .formatted(
                  known.destination(), container.name(), known.destination(), container.name()));
    }
    if (known != null) {
      throw new EngineException.Conflict(
          "start", container.name(), "it is being moved to " + known.destination());
    }
  }

  /** As the engine starts: those that were not handed over yet run on here. */
  void recover() {
    for (Container container : engine.containers()) {
      if (Files.exists(file(container))) {
        recover(container);
      }
    }
  }

  private void recover(Container container) {
    try {
      Departure found = Json.read(Files.readAllBytes(file(container)), Departure.class);
      if (found.handedOver()) {
        all.put(container.id(), found);
        return;
      }
      forget(container);
      if (found.ran()) {
        Thread.ofVirtual().name("stays").start(() -> startAgain(container));
      }
    } catch (IOException | JsonException | EngineException e) {
      LOG.log(System.Logger.Level.ERROR, "a move cannot be ended id=" + container.id(), e);
    }
  }

  private static void startAgain(Container container) {
    try {
      container.start();
    } catch (EngineException e) {
      LOG.log(System.Logger.Level.ERROR, "a container cannot be started id=" + container.id(), e);
    }
  }
}
