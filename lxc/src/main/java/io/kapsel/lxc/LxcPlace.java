package io.kapsel.lxc;

import io.kapsel.engine.Container;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Kapsel;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A directory of containers as LXC keeps them, and what the engine has of them. Containers of the
 * engine that are whole systems and were not defined in any such directory are in the usual one.
 */
final class LxcPlace {
  /** Where Debian's LXC keeps containers. */
  static final String USUAL = "/var/lib/lxc";

  private final Kapsel engine;
  private final Path directory;

  LxcPlace(Kapsel engine, Path directory) {
    this.engine = engine;
    this.directory = directory;
  }

  Path directory() {
    return directory;
  }

  Path configOf(String name) {
    return directory.resolve(name).resolve("config");
  }

  boolean isDefined(String name) {
    return !name.isEmpty() && Files.isRegularFile(configOf(name));
  }

  /** The engine's container of that name, if it is one of this directory. */
  Optional<Container> container(String name) {
    try {
      return Optional.of(engine.container(name))
          .filter(each -> each.name().equals(name))
          .filter(this::isHere);
    } catch (EngineException.NotFound | EngineException.Conflict e) {
      return Optional.empty();
    }
  }

  private boolean isHere(Container container) {
    String place = container.spec().labels().get(LxcPlan.PATH_LABEL);
    return place == null
        ? container.spec().isSystem() && directory.equals(Path.of(USUAL))
        : place.equals(directory.toString());
  }

  boolean exists(String name) {
    return isDefined(name) || container(name).isPresent();
  }

  /** All names, in order. */
  List<String> names() {
    TreeSet<String> all = new TreeSet<>();
    engine.containers().stream().filter(this::isHere).map(Container::name).forEach(all::add);
    if (Files.isDirectory(directory)) {
      try (Stream<Path> below = Files.list(directory)) {
        below.map(each -> each.getFileName().toString()).filter(this::isDefined).forEach(all::add);
      } catch (IOException e) {
        throw new LxcException("cannot list '" + directory + "': " + e.getMessage());
      }
    }
    return List.copyOf(all);
  }

  /** In LXC's words. */
  String state(String name) {
    return container(name).map(LxcPlace::state).orElse("STOPPED");
  }

  private static String state(Container container) {
    ContainerStatus status = container.status();
    if (status.phase() != ContainerStatus.Phase.RUNNING) {
      return "STOPPED";
    }
    return status.paused() ? "FROZEN" : "RUNNING";
  }

  /** The engine's container of that name, if it runs. */
  Optional<Container> running(String name) {
    return container(name).filter(each -> each.status().phase() == ContainerStatus.Phase.RUNNING);
  }

  boolean isRunning(String name) {
    return running(name).isPresent();
  }

  Optional<LxcConfig> config(String name) {
    return isDefined(name) ? Optional.of(LxcConfig.read(configOf(name))) : Optional.empty();
  }

  /** The engine's container, made or told what its configuration says now if it does not run. */
  Container current(String name, LxcSource source) {
    Optional<Container> there = container(name);
    Optional<LxcConfig> config = source.read(this, name);
    if (config.isEmpty()) {
      return there.orElseThrow(() -> new LxcException("No container config specified"));
    }
    var whole = source.notedIn(LxcPlan.of(config.get(), name, directory));
    boolean stays = exists(name);
    var spec = stays ? whole : new ContainerSpecBuilder(whole).autoRemove(true).build();
    if (there.isEmpty()) {
      return engine.create(spec);
    }
    if (there.get().status().phase() != ContainerStatus.Phase.RUNNING) {
      there.get().specify(spec);
    }
    return there.get();
  }
}
