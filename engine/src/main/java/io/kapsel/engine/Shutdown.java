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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The end of everything that runs, before the machine goes down. Nobody is taken for stopped by a
 * user, so that what {@code --restart} wants to run is started with the next engine. From the
 * beginning of it on, this one starts nothing.
 */
public final class Shutdown {
  private static final System.Logger LOG = System.getLogger(Shutdown.class.getName());

  private static final Duration BUSY = Duration.ofSeconds(30);

  private final Kapsel engine;
  private final CompletableFuture<List<EngineException>> end = new CompletableFuture<>();
  private volatile Runnable next = () -> {};
  private final AtomicBoolean begun = new AtomicBoolean();

  Shutdown(Kapsel engine) {
    this.engine = engine;
  }

  /**
   * The same where no engine runs. What had ended while none looked may be started for a moment,
   * and is stopped with the others.
   *
   * @return why some could not be stopped
   * @throws EngineException.Conflict when an engine uses these directories
   */
  public static List<EngineException> of(EngineConfig config) throws InterruptedException {
    try (Kapsel engine = Kapsel.open(config, it -> it.shutdown.begin(Optional.empty()))) {
      return engine.shutdown.await(Optional.empty());
    }
  }

  /** Calls {@code action} when everything has ended, before those who wait are told so. */
  public void then(Runnable action) {
    next = action;
  }

  /** Whether it is under way, or over. */
  public boolean begun() {
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
   * @return why some could not be stopped
   */
  public List<EngineException> await(Optional<Duration> patience) throws InterruptedException {
    begin(patience);
    try {
      return end.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private void begin(Optional<Duration> patience) {
    if (begun.compareAndSet(false, true)) {
      engine.autostart.close();
      Thread.ofVirtual().name("shutdown").start(() -> run(patience));
    }
  }

  private void run(Optional<Duration> patience) {
    Queue<EngineException> failures = new ConcurrentLinkedQueue<>();
    try {
      for (List<Container> each : places().descendingMap().values()) {
        try (ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
          each.forEach(it -> all.execute(() -> stop(it, patience, failures)));
        }
      }
    } finally {
      next.run();
      end.complete(List.copyOf(failures));
    }
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
      if (isFree(container)) {
        container.stopWithMachine(patience);
      } else {
        failures.add(
            new EngineException.Refused(
                "stop", container.name(), "what is being done with it takes too long"));
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

  /** Whoever is just starting it goes first, and a move or a checkpoint may take very long. */
  private static boolean isFree(Container container) throws InterruptedException {
    boolean free = container.life().tryLock(BUSY.toMillis(), TimeUnit.MILLISECONDS);
    if (free) {
      container.life().unlock();
    }
    return free;
  }
}
