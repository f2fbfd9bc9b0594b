package io.kapsel.image.tar;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** Work that a virtual thread must not do itself, because a confined thread wakes it up. */
final class PlatformThread {
  private PlatformThread() {}

  /** Does it on the calling thread, if that is a platform thread, else on one of its own. */
  static <T> T call(Callable<T> work) throws IOException {
    FutureTask<T> task = new FutureTask<>(work);
    if (!Thread.currentThread().isVirtual()) {
      task.run();
      return await(task, Thread.currentThread());
    }
    return await(task, Thread.ofPlatform().daemon().name("kapsel-archive").start(task));
  }

  private static <T> T await(FutureTask<T> task, Thread thread) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException _) {
          interrupted = true;
          thread.interrupt(); // and wait: it still uses what is the caller's
        }
      }
    } catch (ExecutionException e) {
      throw rethrown(e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The same failure as one that may be thrown here. */
  static IOException rethrown(@Nullable Throwable cause) {
    return switch (cause) {
      case IOException e -> e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> new IOException(String.valueOf(cause), cause);
    };
  }
}
