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

  private final Kapsel engine;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("upkeep").factory());

  Upkeep(Kapsel engine) {
    this.engine = engine;
    every(OFTEN, engine.accounting::writeAll);
    every(OFTEN, this::removeExpired);
    every(OFTEN, new SnapshotSchedule(engine)::run);
  }

  private void every(Duration pause, Runnable task) {
    ScheduledFuture<?> _ =
        clock.scheduleWithFixedDelay(
            () -> run(task), pause.toSeconds(), pause.toSeconds(), TimeUnit.SECONDS);
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

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
