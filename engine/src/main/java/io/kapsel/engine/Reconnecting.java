package io.kapsel.engine;

import io.kapsel.linux.SyscallException;
import java.time.Duration;
import java.time.Instant;

/**
 * Takes a container over from the engine before this one. Where this process has no descriptor or
 * memory left to reach its monitor with, the container goes on meanwhile, and it is tried again.
 */
final class Reconnecting {
  private static final System.Logger LOG = System.getLogger(Reconnecting.class.getName());
  private static final Duration FIRST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofSeconds(10);

  private final Kapsel engine;
  private final Container container;
  private Duration pause = FIRST;

  Reconnecting(Kapsel engine, Container container) {
    this.engine = engine;
    this.container = container;
  }

  /** How one ended that runs no more. */
  static ExitStatus endOf(Kapsel engine, String id) {
    return engine
        .runtime
        .record(engine.store.runOf(id))
        .map(record -> ExitStatus.of(record, engine.runtime.oomKills(id) > 0))
        .orElseGet(() -> new ExitStatus(128 + Stopping.KILL, Stopping.KILL, false, Instant.now()));
  }

  private void again() {
    if (engine.containers().contains(container)) { // else it was removed meanwhile
      run();
    }
  }

  void run() {
    container.life().lock();
    try {
      container.recover();
    } catch (SyscallException e) {
      if (!e.isShortage()) {
        throw e;
      }
      LOG.log(
          System.Logger.Level.WARNING,
          "the monitor of a container cannot be reached yet, which is tried again id={0} reason={1}",
          container.id(),
          e.getMessage());
      engine.upkeep.later(pause, this::again);
      pause = pause.compareTo(LONGEST) < 0 ? pause.multipliedBy(2) : LONGEST;
    } finally {
      container.life().unlock();
    }
  }
}
