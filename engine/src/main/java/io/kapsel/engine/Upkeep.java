package io.kapsel.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** What the engine does again and again without being asked. */
final class Upkeep implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Upkeep.class.getName());
  private static final Duration OFTEN = Duration.ofSeconds(10);
  private static final Duration SOON = Duration.ofSeconds(3);

  private final Kapsel engine;
  private final ScheduledExecutorService clock = clock("upkeep");

  /** Apart, because packing takes long where containers print much. */
  private final ScheduledExecutorService logs = clock("logs");

  Upkeep(Kapsel engine) {
    this.engine = engine;
    every(OFTEN, clock, engine.accounting::writeAll);
    every(OFTEN, clock, this::removeExpired);
    every(OFTEN, clock, new SnapshotSchedule(engine)::run);
    every(SOON, logs, this::packLogs);
  }

  private static ScheduledExecutorService clock(String name) {
    return Executors.newSingleThreadScheduledExecutor(
        Thread.ofPlatform().daemon().name(name).factory());
  }

  private static void every(Duration pause, ScheduledExecutorService clock, Runnable task) {
    ScheduledFuture<?> _ =
        clock.scheduleWithFixedDelay(
            () -> run(task), pause.toSeconds(), pause.toSeconds(), TimeUnit.SECONDS);
  }

  /** Does something once, after a while. */
  void later(Duration pause, Runnable task) {
    ScheduledFuture<?> _ = clock.schedule(() -> run(task), pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "what is done now and then has failed", e);
    }
  }

  private void removeExpired() {
    Instant now = Instant.now();
    for (Container container : engine.containers()) {
      container.snapshots().list().stream()
          .filter(each -> each.expiresAt().filter(it -> it.isBefore(now)).isPresent())
          .forEach(each -> run(() -> container.snapshots().remove(each.name())));
    }
  }

  private void packLogs() {
    for (Container each : engine.containers()) {
      Logging.pack(each.record(), engine.store.stateOf(each.id()));
    }
  }

  @Override
  public void close() {
    logs.shutdownNow();
    clock.shutdownNow();
  }
}
