package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.runtime.LaunchException;
import java.util.Map;

/** What can be changed of a container that is there. */
final class Adjusting {
  private final Kapsel engine;
  private final Container container;
  private volatile boolean paused;

  Adjusting(Kapsel engine, Container container) {
    this.engine = engine;
    this.container = container;
  }

  boolean paused() {
    return paused;
  }

  /** Looks whether it is paused, which outlives an engine. */
  void recover() {
    paused = engine.runtime.frozen(container.id());
  }

  /** What has ended is not paused. */
  void ended() {
    paused = false;
  }

  /** Stops all its processes where they are. */
  void pause() {
    container.life().lock();
    try {
      container.checkRunning("pause");
      if (paused) {
        throw new EngineException.Conflict(
            "pause", container.name(), "container " + container.id() + " is already paused");
      }
      engine.runtime.freeze(container.id(), true);
      paused = true;
      container.publish("pause", Map.of());
    } catch (LaunchException e) {
      throw new EngineException.Failed(
          "pause", container.name(), String.valueOf(e.getMessage()), e);
    } finally {
      container.life().unlock();
    }
  }

  /** Lets its processes go on. */
  void unpause() {
    container.life().lock();
    try {
      if (!paused) {
        throw new EngineException.Conflict(
            "unpause", container.name(), "container " + container.id() + " is not paused");
      }
      thaw();
      container.publish("unpause", Map.of());
    } finally {
      container.life().unlock();
    }
  }

  /** The same without a word to anybody. */
  void thaw() {
    container.life().lock();
    try {
      if (paused) {
        engine.runtime.freeze(container.id(), false);
        paused = false;
      }
    } catch (LaunchException e) {
      throw new EngineException.Failed(
          "unpause", container.name(), String.valueOf(e.getMessage()), e);
    } finally {
      container.life().unlock();
    }
  }

  /** Gives it another name. */
  void rename(String name) {
    container.life().lock();
    try {
      container.checkThere("rename");
      String before = container.name();
      engine.renaming.rename(
          container,
          name,
          () -> {
            container.replace(container.record().named(name));
          });
      container.publish("rename", Map.of("oldName", "/" + before));
    } finally {
      container.life().unlock();
    }
  }

  /** Says anew what it is to be, where it does not run; its root stays. */
  void specify(ContainerSpec wanted) {
    container.life().lock();
    try {
      container.checkThere("change");
      if (container.record().phase() == ContainerStatus.Phase.RUNNING) {
        throw new EngineException.Conflict("change", container.name(), "it is running");
      }
      if (!wanted.root().equals(container.spec().root())
          || !wanted.userns().equals(container.spec().userns())
          || wanted.privileged() != container.spec().privileged()) {
        throw new EngineException.Conflict(
            "change",
            container.name(),
            "its root '" + container.spec().root() + "' and its users stay; remove it for that");
      }
      ContainerSpec whole = engine.joining.resolved(wanted.named(container.spec().name()));
      if (!whole.equals(container.spec())) {
        container.replace(container.record().specified(whole));
      }
    } finally {
      container.life().unlock();
    }
  }
}
