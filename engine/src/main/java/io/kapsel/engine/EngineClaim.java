package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Keeps two directories for one engine. They belong together: an engine that met the run directory
 * of another state would take the containers that run there for half made.
 */
final class EngineClaim implements AutoCloseable {
  private static final String LOCK = "engine.lock";
  private static final String OWNER = "engine.state";

  private final Fd state;
  private final Fd run;

  private EngineClaim(Fd state, Fd run) {
    this.state = state;
    this.run = run;
  }

  /**
   * Takes both.
   *
   * @throws EngineException.Conflict when another engine has one of them, or containers of another
   *     state run there
   */
  static EngineClaim take(Path state, Path run) {
    Fd first = lock(state, "another engine is using this state directory");
    boolean taken = false;
    try {
      EngineClaim claim = new EngineClaim(first, takeRun(state, run));
      taken = true;
      return claim;
    } finally {
      if (!taken) {
        first.close();
      }
    }
  }

  private static Fd takeRun(Path state, Path run) {
    Fd lock = lock(run, "another engine is using this run directory; use another KAPSEL_RUN");
    boolean taken = false;
    try {
      note(state.toRealPath().toString(), run);
      taken = true;
      return lock;
    } catch (IOException e) {
      throw new EngineException.Failed("open", run.toString(), AtomicFile.reason(e), e);
    } finally {
      if (!taken) {
        lock.close();
      }
    }
  }

  private static Fd lock(Path directory, String otherwise) {
    Fd lock =
        Open.create(directory.resolve(LOCK).toString(), OpenFlags.WRITE | OpenFlags.CREATE, 0600);
    if (!Content.tryLock(lock)) {
      lock.close();
      throw new EngineException.Conflict("open", directory.toString(), otherwise);
    }
    return lock;
  }

  private static void note(String state, Path run) throws IOException {
    Path file = run.resolve(OWNER);
    if (Files.exists(file)) {
      String owner = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      if (!owner.equals(state) && isDirectory(owner) && hasContainers(run)) {
        throw new EngineException.Conflict(
            "open",
            run.toString(),
            "containers of '%s' run there; use another KAPSEL_RUN for '%s'"
                .formatted(owner, state));
      }
    }
    AtomicFile.write(
        file, state.getBytes(StandardCharsets.UTF_8), AtomicFile.Durability.SURVIVES_CRASH);
  }

  private static boolean isDirectory(String path) {
    return path.startsWith("/") && path.indexOf('\0') < 0 && Files.isDirectory(Path.of(path));
  }

  private static boolean hasContainers(Path run) throws IOException {
    try (Stream<Path> all = Files.list(run.resolve("containers"))) {
      return all.findAny().isPresent();
    }
  }

  @Override
  public void close() {
    run.close();
    state.close();
  }
}
