package io.kapsel.image.debian;

import io.kapsel.image.ImageException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Does one thing many times, some at once; the first failure ends the rest. On platform threads,
 * because system calls hold the carrier of a virtual one.
 */
final class SideBySide {
  private SideBySide() {}

  /** Runs {@code task} {@code times} times and returns the results in the order of their ends. */
  static <T> List<T> run(int threads, int times, Callable<T> task) throws InterruptedException {
    List<T> results = new ArrayList<>();
    try (ExecutorService workers =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().name("kapsel-unpack-", 0).factory())) {
      ExecutorCompletionService<T> ends = new ExecutorCompletionService<>(workers);
      List<Future<T>> all = new ArrayList<>();
      for (int i = 0; i < times; i++) {
        all.add(ends.submit(task));
      }
      try {
        for (int i = 0; i < times; i++) {
          results.add(ends.take().get());
        }
      } catch (ExecutionException e) {
        throw unwrapped(e);
      } finally {
        all.forEach(each -> each.cancel(true));
      }
    }
    return results;
  }

  private static RuntimeException unwrapped(ExecutionException e) {
    return switch (e.getCause()) {
      case RuntimeException known -> known;
      case Error error -> throw error;
      case null, default ->
          new ImageException.Failed("cannot unpack packages: " + e.getMessage(), e);
    };
  }
}
