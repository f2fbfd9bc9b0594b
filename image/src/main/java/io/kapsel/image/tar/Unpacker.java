package io.kapsel.image.tar;

import io.kapsel.linux.Fd;
import io.kapsel.linux.confine.Confinement;
import io.kapsel.linux.confine.Loaded;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Lets an archive be read on one thread and unpacked on another, which is confined to the directory
 * that it writes to.
 */
final class Unpacker {
  /** What is done with the archive inside. */
  @FunctionalInterface
  interface Inner {
    Extractor.Extracted unpack(InputStream plain, Fd root, List<Fd> lowers) throws IOException;
  }

  private Unpacker() {}

  static Extractor.Extracted run(InputStream plain, Fd root, List<Fd> lowers, Inner inner)
      throws IOException {
    Loaded.classes(Unpacker.class, "io.kapsel.image.tar");
    if (!Thread.currentThread().isVirtual()) {
      return pump(plain, root, lowers, inner);
    }
    FutureTask<Extractor.Extracted> task = new FutureTask<>(() -> pump(plain, root, lowers, inner));
    Thread pump = Thread.ofPlatform().daemon().name("kapsel-unpack").start(task);
    return await(task, pump);
  }

  private static <T> T await(FutureTask<T> task, Thread pump) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException _) {
          interrupted = true;
          pump.interrupt(); // and wait: it still uses what is the caller's
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

  private static IOException rethrown(@Nullable Throwable cause) {
    return switch (cause) {
      case IOException e -> e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> new IOException(String.valueOf(cause), cause);
    };
  }

  private static Extractor.Extracted pump(InputStream plain, Fd root, List<Fd> lowers, Inner inner)
      throws IOException {
    Handoff handoff = new Handoff();
    Confinement<Extractor.Extracted> writer =
        Confinement.start(
            root,
            lowers,
            (inside, below) -> {
              try (handoff) {
                return inner.unpack(handoff, inside, below);
              }
            });
    Throwable unread = null;
    try {
      handoff.fill(plain);
    } catch (IOException | RuntimeException | Error e) {
      unread = e;
    }
    Extractor.Extracted done;
    try {
      done = writer.await();
    } catch (IOException e) {
      throw unread == null ? e : rethrown(unread); // the end of one ended the other
    }
    if (unread != null) {
      throw rethrown(unread);
    }
    return done;
  }
}
