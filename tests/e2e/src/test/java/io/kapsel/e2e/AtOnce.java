package io.kapsel.e2e;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** Does something for many at the same time; the first failure is the test's. */
final class AtOnce {
  private AtOnce() {}

  static void run(List<String> names, Consumer<String> what) throws Exception {
    try (ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().daemon().factory())) {
      List<Future<?>> all =
          names.stream().<Future<?>>map(name -> threads.submit(() -> what.accept(name))).toList();
      for (Future<?> each : all) {
        each.get();
      }
    }
  }
}
