package io.kapsel.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The end of everything that runs, before the machine goes down. Nobody is taken for stopped by a
 * user, so that what {@code --restart} wants to run is started with the next engine. From the
 * beginning of it on, this one starts nothing.
 */
public final class Shutdown {
  private static final System.Logger LOG = System.getLogger(Shutdown.class.getName());

  private final Kapsel engine;
  private final CompletableFuture<List<EngineException>> end = new CompletableFuture<>();
  private final AtomicBoolean begun = new AtomicBoolean();

  Shutdown(Kapsel engine) {
    this.engine = engine;
  }

  /** Calls {@code action} when everything has ended. */
  public void then(Runnable action) {
    CompletableFuture<Void> _ = end.thenRun(action);
  }

  boolean begun() {
    return begun.get();
  }

  void checkStart(String name) {
    if (begun()) {
      throw new EngineException.Refused("start", name, "the engine is shutting down");
    }
  }

  /**
   * Stops all that run, in the opposite order of their starts: first those without a place in it,
   * then each place, all of one at the same time. It goes on when the caller does not wait for it,
   * and who calls later waits for the same one.
   *
   * @param patience how long each may take before it is killed; its own time, when that is absent
   * @return why some could not be stopped, once the others have ended
   */
  public CompletableFuture<List<EngineException>> begin(Optional<Duration> patience) {
    if (begun.compareAndSet(false, true)) {
      Thread.ofVirtual().name("shutdown").start(() -> run(patience));
    }
    return end;
  }

  private void run(Optional<Duration> patience) {
    Queue<EngineException> failures = new ConcurrentLinkedQueue<>();
    for (List<Container> each : places().descendingMap().values()) {
      try (ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
        each.forEach(it -> all.execute(() -> stop(it, patience, failures)));
      }
    }
    end.complete(List.copyOf(failures));
  }

  private NavigableMap<Long, List<Container>> places() {
    NavigableMap<Long, List<Container>> places = new TreeMap<>();
    for (Container each : engine.containers()) {
      places.computeIfAbsent(Autostart.place(each), _ -> new ArrayList<>()).add(each);
    }
    return places;
  }

  private static void stop(
      Container container, Optional<Duration> patience, Queue<EngineException> failures) {
    try {
      if (runs(container)) {
        container.stop(Optional.empty(), patience);
      }
    } catch (EngineException e) {
      failures.add(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a container cannot be stopped id=" + container.id(), e);
      failures.add(
          new EngineException.Failed("stop", container.name(), String.valueOf(e.getMessage()), e));
    }
  }

  /** Whoever is just starting it goes first. */
  private static boolean runs(Container container) {
    container.life().lock();
    try {
      ContainerStatus now = container.status();
      return now.phase() == ContainerStatus.Phase.RUNNING || now.restarting();
    } finally {
      container.life().unlock();
    }
  }
}
