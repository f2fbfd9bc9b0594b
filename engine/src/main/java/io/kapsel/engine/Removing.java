package io.kapsel.engine;

import java.time.Duration;
import java.util.Map;

/** Takes a container away, whatever it does meanwhile. */
final class Removing {
  private static final System.Logger LOG = System.getLogger(Removing.class.getName());
  private static final Duration FOR_EVER = Duration.ofSeconds(-1);

  private final Kapsel engine;
  private final Container container;
  private final Launching launching;
  private final Stopping stopping;
  private final Adjusting adjusting;
  private final Ends ends;

  Removing(
      Kapsel engine,
      Container container,
      Launching launching,
      Stopping stopping,
      Adjusting adjusting,
      Ends ends) {
    this.engine = engine;
    this.container = container;
    this.launching = launching;
    this.stopping = stopping;
    this.adjusting = adjusting;
    this.ends = ends;
  }

  private boolean runs() {
    return container.record().phase() == ContainerStatus.Phase.RUNNING;
  }

  /** Removes it; one that somebody starts meanwhile is ended once more. */
  void remove(boolean force, boolean volumes) throws InterruptedException {
    stopping.noteStopped(force);
    if (force) {
      container.system().ifPresent(SystemLife::stop);
    }
    do {
      if (runs()) {
        end(force);
      }
    } while (!removeEnded(force, volumes));
  }

  private void end(boolean force) throws InterruptedException {
    if (!force) {
      throw new EngineException.Conflict(
          "remove",
          container.name(),
          adjusting.paused()
              ? "container is paused and must be unpaused first"
              : "it is running; stop it first, or use --force");
    }
    stopping.end(Stopping.KILL, FOR_EVER);
  }

  /** Of two that remove it at once, one has done it; by force, the other one is content, too. */
  private boolean removeEnded(boolean force, boolean volumes) {
    container.life().lock();
    try {
      if (ends.removed() && !force) {
        throw new EngineException.NotFound(container.name());
      }
      if (ends.removed()) {
        return true;
      }
      if (runs()) {
        return false;
      }
      stopping.noteStopped(); // its policy does not start it any more
      launching.discardSandbox();
      engine.runtime.remove(container.id());
      clear(volumes);
      return true;
    } finally {
      container.life().unlock();
    }
  }

  /**
   * Whoever waits for the removal is told in any case; what is left is removed at the next start.
   */
  void clear(boolean volumes) {
    StoredContainer before = container.record();
    container.note(before.in(ContainerStatus.Phase.REMOVING, before.error()));
    launching.dropWaiting();
    try {
      engine.clear(container);
    } finally {
      engine.forget(container);
      engine.volumes.removeAnonymous(volumes ? before.spec() : EnginePlaces.alone(before.spec()));
      ends.remove();
      container.publish("destroy", Map.of());
    }
  }

  /** What is left of a start that failed goes; why it failed is written, for whoever asks later. */
  void keep(EngineException failure) {
    try {
      engine.store.endRun(container.id());
      engine.store.save(container.record());
    } catch (EngineException e) {
      failure.addSuppressed(e);
      LOG.log(System.Logger.Level.WARNING, "what happened is not written id=" + container.id(), e);
    }
  }
}
