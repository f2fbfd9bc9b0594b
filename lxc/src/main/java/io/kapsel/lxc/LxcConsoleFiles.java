package io.kapsel.lxc;

import io.kapsel.engine.Container;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.LogQuery;
import io.kapsel.engine.LogReader;
import io.kapsel.engine.log.LogRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;

/** Writes what comes on consoles to the files that configurations name, from the engine's log. */
final class LxcConsoleFiles {
  private static final System.Logger LOG = System.getLogger(LxcConsoleFiles.class.getName());

  private final Map<String, Instant> begun = new ConcurrentHashMap<>();
  private final Map<String, Thread> writers = new ConcurrentHashMap<>();

  /** Before a start: a file that cannot be written prevents it. */
  void starting(Container container) {
    List<LxcConsoleFile> files = LxcConsoleFile.of(container.spec().labels());
    files.forEach(LxcConsoleFile::make);
    if (!files.isEmpty()) {
      begun.put(container.id(), Instant.now());
    }
  }

  /** It runs, and its output is in the log. */
  void started(Container container) {
    Optional.ofNullable(begun.remove(container.id()))
        .ifPresent(since ->
            LxcConsoleFile.of(container.spec().labels())
                .forEach(each -> begin(container, each, since, true)));
  }

  /** An engine has begun anew: what came meanwhile is not in the files yet. */
  void found(Container container) {
    boolean runs = container.status().phase() == ContainerStatus.Phase.RUNNING;
    for (LxcConsoleFile each : LxcConsoleFile.of(container.spec().labels())) {
      try {
        each.until().ifPresent(until -> begin(container, each, until.plusNanos(1), runs));
      } catch (EngineException e) { // what is wrong with one log keeps no engine from beginning
        tell(container, each, e);
      }
    }
  }

  /** The file of one run is whole before that of the next goes on. */
  private void begin(Container container, LxcConsoleFile file, Instant since, boolean follow) {
    String key = container.id() + " " + file.path();
    LogQuery query =
        new LogQuery(OptionalInt.empty(), Optional.of(since), Optional.empty(), follow);
    LogReader reader = container.log(query);
    Optional<Thread> before = Optional.ofNullable(writers.get(key));
    Thread writer =
        Thread.ofVirtual()
            .name("console-" + container.id())
            .unstarted(() -> write(container, file, reader, before));
    writers.put(key, writer);
    writer.start();
  }

  private void write(
      Container container, LxcConsoleFile file, LogReader log, Optional<Thread> before) {
    try (LogReader reader = log) {
      if (before.isPresent()) {
        before.get().join();
      }
      Optional<LogRecord> record = reader.next();
      while (record.isPresent()) {
        file.add(record.get().bytes(), record.get().time());
        record = reader.next();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | UncheckedIOException | EngineException e) {
      tell(container, file, e);
    } finally {
      writers.remove(container.id() + " " + file.path(), Thread.currentThread());
    }
  }

  private static void tell(Container container, LxcConsoleFile file, Exception reason) {
    LOG.log(
        System.Logger.Level.WARNING,
        "a console is no longer written to %s container=%s"
            .formatted(file.path(), container.name()),
        reason);
  }
}
