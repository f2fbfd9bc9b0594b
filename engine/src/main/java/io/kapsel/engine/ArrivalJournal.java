package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.AtomicFile.Durability;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What is made under a name before the container is that has come: a crash in between leaves
 * nothing of it.
 */
final class ArrivalJournal {
  private static final System.Logger LOG = System.getLogger(ArrivalJournal.class.getName());
  private static final String SUFFIX = ".json";

  /** In the directory of a container: the token of the move with which it came. */
  private static final String ARRIVED = "arrived";

  /** Volumes that are made for a container that comes. */
  record Entry(String token, List<String> volumes) {}

  private final Kapsel engine;
  private final Path directory;

  ArrivalJournal(Kapsel engine) {
    this.engine = engine;
    this.directory = engine.config.state().resolve("arrivals");
  }

  void write(String token, List<String> volumes) {
    try {
      Files.createDirectories(directory);
      AtomicFile.write(
          directory.resolve(token + SUFFIX),
          Json.write(new Entry(token, volumes)),
          Durability.SURVIVES_POWER_LOSS);
    } catch (IOException | UncheckedIOException e) {
      throw new EngineException.Failed("take", "a container", String.valueOf(e.getMessage()), e);
    }
  }

  /** Notes with a container that is being made, with which move it comes. */
  void sign(Path state, String token) {
    AtomicFile.write(
        state.resolve(ARRIVED),
        token.getBytes(StandardCharsets.US_ASCII),
        Durability.SURVIVES_POWER_LOSS);
  }

  /** The container that came with that move. */
  Optional<Container> find(String token) {
    return engine.containers().stream().filter(each -> came(each, token)).findFirst();
  }

  private boolean came(Container container, String token) {
    try {
      Path file = engine.store.stateOf(container.id()).resolve(ARRIVED);
      return Files.exists(file) && Files.readString(file).equals(token);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "an arrival cannot be read id=" + container.id(), e);
      return false;
    }
  }

  /** The container is there, or nothing is left of what was made for it. */
  void close(String token) {
    try {
      Files.deleteIfExists(directory.resolve(token + SUFFIX));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "an arrival stays noted token=" + token, e);
    }
  }

  /** The source has it no more, so that nobody will ask. */
  void forget(String token) {
    find(token)
        .ifPresent(container -> {
          try {
            Files.deleteIfExists(engine.store.stateOf(container.id()).resolve(ARRIVED));
          } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "an arrival stays noted id=" + container.id(), e);
          }
        });
  }

  /** As the engine starts: what was made for containers that did not come to be goes. */
  void sweep() {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> all = Files.list(directory)) {
      all.forEach(this::sweep);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "arrivals cannot be listed", e);
    }
  }

  private void sweep(Path file) {
    try {
      if (file.toString().endsWith(SUFFIX)) {
        Entry entry = Json.read(Files.readAllBytes(file), Entry.class);
        if (find(entry.token()).isEmpty()) {
          entry.volumes().forEach(this::removeVolume);
        }
      }
      Files.deleteIfExists(file);
    } catch (IOException | JsonException e) {
      LOG.log(System.Logger.Level.WARNING, "an arrival cannot be read file=" + file, e);
    }
  }

  void removeVolume(String name) {
    try {
      engine.volumes.remove(name);
    } catch (EngineException.NotFound _) {
      // it was not made yet
    } catch (EngineException e) {
      LOG.log(System.Logger.Level.WARNING, "a volume stays that nobody has name=" + name, e);
    }
  }
}
