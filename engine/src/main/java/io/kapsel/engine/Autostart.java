package io.kapsel.engine;

import io.kapsel.engine.spec.Care;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Starts, as the engine starts, what its policy wants to run, one after the other. */
final class Autostart implements AutoCloseable {
  private final CountDownLatch closing = new CountDownLatch(1);

  /**
   * By their order, those without one last; among equals as they were started before. Whoever asks
   * meanwhile is answered.
   */
  void begin(Kapsel engine) {
    List<Container> all =
        engine.containers().stream()
            .filter(each -> each.spec().restartPolicy().restarts())
            .sorted(order())
            .toList();
    Thread.ofVirtual().name("policies").start(() -> run(all));
  }

  static Comparator<Container> order() {
    return Comparator.comparingLong(Autostart::place)
        .thenComparing(each -> each.status().startedAt().orElse(Instant.MAX));
  }

  /** Lower ones come first. */
  static long place(Container container) {
    return care(container).startOrder().orElse(Long.MAX_VALUE);
  }

  private static Care care(Container container) {
    return container.spec().care().orElse(Care.NONE);
  }

  private void run(List<Container> all) {
    try {
      for (Container each : all) {
        if (closing.getCount() == 0) {
          return;
        }
        if (each.startByPolicy() && care(each).startDelaySeconds() > 0) {
          var _ = closing.await(care(each).startDelaySeconds(), TimeUnit.SECONDS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closing.countDown();
  }
}
