package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.AtomicFile.Durability;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.runtime.LaunchException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The layer that a container writes, and how it becomes one of those that it stands on. Whoever
 * calls has the lock of the container's life.
 *
 * <p>What changes both directories and the record is written down before; the next start of the
 * engine takes a half-done change back, or ends it, before anything else is done with the
 * container.
 */
final class OwnLayer {
  private static final System.Logger LOG = System.getLogger(OwnLayer.class.getName());

  /** overlayfs takes 500; some are the image's. */
  private static final int MOST = 400;

  private static final String CHANGE = "layers.json";

  /**
   * A change that is under way.
   *
   * @param pushed the layer that the container's own becomes; absent: its own is given up
   * @param layers those that it stands on afterwards
   * @param spec what is said about it afterwards
   */
  record Change(
      int schema, Optional<String> pushed, List<String> layers, Optional<ContainerSpec> spec) {
    static final int SCHEMA = 1;

    Change {
      if (schema != SCHEMA) {
        throw new JsonException("it is of no version that is known");
      }
    }
  }

  private final Kapsel engine;
  private final Container container;
  private final Path state;

  OwnLayer(Kapsel engine, Container container) {
    this.engine = engine;
    this.container = container;
    this.state = engine.store.stateOf(container.id());
  }

  private Path upper() {
    return engine.store.layerOf(container.id()).resolve("upper");
  }

  /**
   * The layers of the container as it is now, none of which is written any more. They are held;
   * give them back with {@link SavedLayers#release}.
   */
  List<String> settle() {
    List<String> before = container.record().savedLayers();
    boolean running = container.record().phase() == ContainerStatus.Phase.RUNNING;
    if (before.size() >= MOST) {
      throw new EngineException.Refused(
          "save",
          container.name(),
          "it stands on %s layers; export and import it, which makes them one".formatted(MOST));
    }
    if (!running && !before.isEmpty() && isEmpty(upper())) {
      engine.saved.hold(before);
      return before;
    }
    String layer = engine.saved.begin();
    boolean done = false;
    try {
      List<String> all = new ArrayList<>(List.of(layer));
      all.addAll(before);
      if (running) {
        copyStill(layer);
      } else {
        change(new Change(Change.SCHEMA, Optional.of(layer), all, Optional.empty()));
      }
      engine.saved.hold(before);
      done = true;
      return all;
    } finally {
      if (!done) {
        engine.saved.release(List.of(layer));
      }
    }
  }

  private static boolean isEmpty(Path directory) {
    try (Stream<Path> all = Files.list(directory)) {
      return all.findAny().isEmpty();
    } catch (IOException e) {
      throw new EngineException.Failed("read", directory.toString(), AtomicFile.reason(e), e);
    }
  }

  /** Nothing of it runs meanwhile, so that all files are of one moment. */
  private void copyStill(String layer) {
    boolean paused = container.status().paused();
    try {
      if (!paused) {
        engine.runtime.freeze(container.id(), true);
      }
      try {
        engine.saved.copy(upper(), layer);
      } finally {
        if (!paused) {
          engine.runtime.freeze(container.id(), false);
        }
      }
    } catch (LaunchException e) {
      throw new EngineException.Failed(
          "freeze", container.name(), String.valueOf(e.getMessage()), e);
    }
  }

  /** Gives up what it has written and goes back to these layers, and to what was said then. */
  void reset(List<String> layers, ContainerSpec spec) {
    change(new Change(Change.SCHEMA, Optional.empty(), layers, Optional.of(spec)));
  }

  private void change(Change change) {
    try {
      AtomicFile.write(state.resolve(CHANGE), Json.write(change), Durability.SURVIVES_POWER_LOSS);
      boolean done = false;
      try {
        apply(change);
        done = true;
      } finally {
        if (!done) {
          recover();
        }
      }
      Files.deleteIfExists(state.resolve(CHANGE));
    } catch (IOException | UncheckedIOException e) {
      throw new EngineException.Failed("save", container.name(), String.valueOf(e.getMessage()), e);
    }
  }

  private void apply(Change change) {
    if (change.pushed().isPresent()) {
      SavedLayers.move(upper(), engine.saved.tree(change.pushed().get()));
    }
    engine.store.renewLayer(container.id(), top(change));
    commit(change);
  }

  private Optional<Path> top(Change change) {
    return change.layers().stream().findFirst().map(engine.saved::tree);
  }

  private void commit(Change change) {
    StoredContainer next = container.record().standingOn(change.layers());
    container.replace(change.spec().map(next::specified).orElse(next));
  }

  /** The record is written last. */
  private boolean isDone(Change change) {
    StoredContainer record = container.record();
    return record.savedLayers().equals(change.layers())
        && change.spec().filter(spec -> !spec.equals(record.spec())).isEmpty();
  }

  /** Before anything else is done with it: ends a change that was under way, or takes it back. */
  void recover() {
    Path file = state.resolve(CHANGE);
    if (!Files.exists(file)) {
      return;
    }
    try {
      Change change = Json.read(Files.readAllBytes(file), Change.class);
      if (!isDone(change)) {
        if (change.pushed().isEmpty()) {
          engine.store.renewLayer(container.id(), top(change));
          commit(change);
        } else if (engine.saved.has(change.pushed().get())) {
          engine.store.discard(upper());
          SavedLayers.move(engine.saved.tree(change.pushed().get()), upper());
        }
      }
      Files.delete(file);
    } catch (JsonException | IllegalArgumentException e) {
      putAside(file, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw new EngineException.Failed(
          "recover", container.name(), String.valueOf(e.getMessage()), e);
    }
  }

  /** What was under way is not known then; the container stands on what its record says. */
  private void putAside(Path file, String reason) {
    Path aside = file.resolveSibling(file.getFileName() + ".damaged");
    LOG.log(
        System.Logger.Level.ERROR,
        "a change of layers cannot be read and was put aside id={0} reason={1} file={2}",
        container.id(),
        reason,
        aside);
    try {
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new EngineException.Failed("recover", container.name(), AtomicFile.reason(e), e);
    }
  }
}
