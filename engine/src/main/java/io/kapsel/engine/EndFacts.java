package io.kapsel.engine;

import java.util.Map;
import java.util.Optional;

/**
 * What is known of the last end of a container's process; kept while it runs again.
 *
 * @param oomKills how often the kernel killed a process in it for want of memory
 * @param memoryPeak the most bytes that it used at once, where the kernel counts that
 * @param memoryLimit bytes that it was allowed then
 */
public record EndFacts(
    ExitStatus exit,
    Cause cause,
    long oomKills,
    Optional<Long> memoryPeak,
    Optional<Long> memoryLimit) {
  /** As it is found before its control groups go. */
  static EndFacts find(Kapsel engine, StoredContainer container, ExitStatus exit, Cause cause) {
    boolean asked =
        (cause == Cause.OWN || cause == Cause.SHUTDOWN) && container.restartsSoFar().stopped();
    return new EndFacts(
        exit,
        asked ? Cause.ASKED : cause,
        engine.runtime.oomKills(container.id()),
        engine.runtime.memoryPeak(container.id()),
        container.spec().limits().memory());
  }

  /** The same, which came because the machine goes down. */
  EndFacts withMachine() {
    return new EndFacts(exit, Cause.SHUTDOWN, oomKills, memoryPeak, memoryLimit);
  }

  /** Who ended it. */
  public enum Cause {
    /** It ended by itself, or somebody on the host or the kernel ended it. */
    OWN,
    /** A user asked for it. */
    ASKED,
    /** It was stopped before the machine went down, or ended then and was not started again. */
    SHUTDOWN,
    /** The machine was started anew. */
    REBOOT,
    /** Nobody saw it: its monitor was gone. */
    UNSEEN
  }

  /** Tells those who listen to events. */
  static void publish(Container container, ExitStatus status) {
    if (status.oomKilled()) {
      container.publish("oom", Map.of());
    }
    container.publish("die", Map.of("exitCode", Integer.toString(status.code())));
  }
}
