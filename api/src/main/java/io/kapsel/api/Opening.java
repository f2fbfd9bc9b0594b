package io.kapsel.api;

import io.kapsel.engine.EngineConfig;
import io.kapsel.engine.EngineException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Finds the engine of a place, or becomes it. */
final class Opening {
  private static final Map<String, String> USUAL =
      Map.of("KAPSEL_STATE", "/var/lib/kapsel", "KAPSEL_RUN", "/run/kapsel");
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration PAUSE = Duration.ofMillis(50);

  private Opening() {}

  static Path place(String variable) {
    return Path.of(
            Optional.ofNullable(System.getenv(variable))
                .filter(it -> !it.isEmpty())
                .orElse(USUAL.getOrDefault(variable, "/")))
        .toAbsolutePath();
  }

  static Kapsel open(Path state, Path run) {
    Path socket = run.resolve("kapsel.sock");
    Optional<Link> other = Connection.to(socket);
    return new Session(other.orElseGet(() -> own(state, run, socket)));
  }

  /** An engine that is about to listen has its places already. */
  private static Link own(Path state, Path run, Path socket) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return new OwnEngine(io.kapsel.engine.Kapsel.open(EngineConfig.of(state, run)));
      } catch (EngineException.Conflict e) {
        Optional<Link> other = Connection.to(socket);
        if (other.isPresent()) {
          return other.get();
        }
        if (System.nanoTime() > end || Thread.currentThread().isInterrupted()) {
          throw e;
        }
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }
}
