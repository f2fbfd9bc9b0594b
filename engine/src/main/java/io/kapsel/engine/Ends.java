package io.kapsel.engine;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** The end of a program and that of its container, for those who wait. */
final class Ends {
  private final CompletableFuture<Boolean> removed = new CompletableFuture<>();
  private volatile CompletableFuture<Void> settled = CompletableFuture.completedFuture(null);
  private volatile CompletableFuture<ExitStatus> ended = new CompletableFuture<>();

  private volatile CompletableFuture<ExitStatus> run = new CompletableFuture<>();

  /** The end of the program that runs, or of the next one, whatever is started after it. */
  CompletableFuture<ExitStatus> ofRun() {
    return run;
  }

  /** A program has ended, and there may be another one. */
  void ran(ExitStatus how) {
    CompletableFuture<ExitStatus> over = run;
    run = new CompletableFuture<>();
    over.complete(how);
  }

  /** A program is started: there is an end to wait for. */
  void begin() {
    if (ended.isDone()) {
      ended = new CompletableFuture<>();
    }
  }

  /** The end that is to come next, or the last one. */
  CompletableFuture<ExitStatus> next() {
    return ended;
  }

  void end(ExitStatus how) {
    ran(how);
    ended.complete(how);
  }

  /** Where a start fails in place of one that was waited for, the last end was the last one. */
  void endUnless(Runnable start, Supplier<Optional<ExitStatus>> last) {
    try {
      start.run();
    } catch (EngineException e) {
      last.get().ifPresent(this::end);
      throw e;
    }
  }

  ExitStatus await(String name) throws InterruptedException {
    try {
      return ended.get();
    } catch (ExecutionException e) {
      throw new EngineException.Failed("wait for", name, String.valueOf(e.getMessage()), e);
    }
  }

  /** Whether the next end came in time; a limit that is negative is for ever. */
  boolean await(String name, Duration limit) throws InterruptedException {
    return await(ended, name, limit);
  }

  /** The same for an end that was asked for before. */
  static boolean await(CompletableFuture<ExitStatus> end, String name, Duration limit)
      throws InterruptedException {
    try {
      ExitStatus _ =
          limit.isNegative() ? end.get() : end.get(limit.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new EngineException.Failed("stop", name, String.valueOf(e.getMessage()), e);
    }
  }

  /** What is done when the program that runs now has ended. */
  void settling(CompletableFuture<Void> end) {
    settled = end;
  }

  /** Waits until an end that has come is known to all. */
  void awaitSettled(Duration limit) {
    try {
      Void _ = settled.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      // whoever asks is told what is known
    }
  }

  void remove() {
    removed.complete(true);
  }

  boolean removed() {
    return removed.isDone();
  }

  void awaitRemoval(String name) throws InterruptedException {
    try {
      removed.get();
    } catch (ExecutionException e) {
      throw new EngineException.Failed("remove", name, String.valueOf(e.getMessage()), e);
    }
  }
}
