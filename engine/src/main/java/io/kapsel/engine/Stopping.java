package io.kapsel.engine;

import io.kapsel.linux.process.Signal;
import io.kapsel.runtime.ContainerProcess;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Ends a container's program, and what its policy would do after that. */
final class Stopping {
  static final int KILL = 9;
  private static final int TERM = 15;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  static final Duration KILLED = Duration.ofSeconds(10);
  private static final Duration FOR_EVER = Duration.ofSeconds(-1);

  private final Shutdown shutdown;
  private final Container container;
  private final Adjusting adjusting;
  private final Restarting restarting;
  private final Ends ends;
  private volatile boolean stays;
  private volatile boolean withMachine;

  Stopping(
      Shutdown shutdown,
      Container container,
      Adjusting adjusting,
      Restarting restarting,
      Ends ends) {
    this.shutdown = shutdown;
    this.container = container;
    this.adjusting = adjusting;
    this.restarting = restarting;
    this.ends = ends;
  }

  /**
   * Sends a signal to the program. One that ends it for good ends its restarts, too; after KILL it
   * has ended, unless the kernel keeps it.
   */
  void signal(int number) {
    CompletableFuture<ExitStatus> end = ends.next();
    ContainerProcess running = running("kill");
    if (number == KILL || number == stopSignal()) {
      noteStopped();
    }
    running.signal(number);
    container.publish("kill", Map.of("signal", Integer.toString(number)));
    if (number == KILL && adjusting.paused()) {
      adjusting.thaw();
    }
    if (number == KILL) {
      awaitKilled(end);
    }
  }

  /** Its program; once one is told that it has ended, all are. Not for who has the lock. */
  ContainerProcess running(String action) {
    return container.process().filter(ContainerProcess::running).orElseThrow(() -> ended(action));
  }

  /** The same for one more program in it. */
  ContainerProcess enterable(String action) {
    ContainerProcess running = running(action);
    if (adjusting.paused()) {
      throw new EngineException.Conflict(
          action,
          container.name(),
          "container " + container.id() + " is paused, unpause the container before exec");
    }
    return running;
  }

  /** What is said of one that has ended, when the engine knows all about that. */
  EngineException ended(String action) {
    ends.awaitSettled(KILLED);
    return notRunning(action);
  }

  EngineException notRunning(String action) {
    return new EngineException.Conflict(
        action, container.name(), "container " + container.id() + " is not running");
  }

  private void awaitKilled(CompletableFuture<ExitStatus> end) {
    try {
      boolean _ = Ends.await(end, container.name(), KILLED);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** That of an image is meant for its program, and not for the init of a system. */
  private int stopSignal() {
    Optional<Integer> said =
        container.spec().stopSignal().flatMap(Signal::parse).map(Signal::number);
    return container
        .system()
        .filter(_ -> said.isEmpty() || container.imageId().isPresent())
        .map(SystemLife::haltingSignal)
        .or(() -> said)
        .orElse(TERM);
  }

  /** What waits for its next start is as good as running. */
  void noteStopped(boolean force) {
    if (restarting.pending() && !force) {
      throw new EngineException.Conflict(
          "remove", container.name(), "it is restarting; stop it first, or use --force");
    }
    if (force && !container.spec().autoRemove()) {
      noteStopped();
    }
  }

  /** What a user has stopped is not started again; a start that is about to come, does not. */
  void noteStopped() {
    container.life().lock();
    try {
      StoredContainer before = container.record();
      StoredContainer.Restarts soFar = before.restartsSoFar();
      StoredContainer noted = before.restarted(new StoredContainer.Restarts(soFar.count(), true));
      if (!soFar.stopped() && noted.spec().restartPolicy().restarts()) {
        container.replace(noted);
      } else {
        container.note(noted);
      }
      if (restarting.cancel()) {
        noted.exit().ifPresent(ends::end);
      }
    } finally {
      container.life().unlock();
    }
  }

  /** The same for what the next engine starts. */
  private void noteGoingDown() {
    if (restarting.cancel()) {
      StoredContainer before = container.record();
      before.last().map(EndFacts::withMachine).map(before::ended).ifPresent(container::replace);
      before.exit().ifPresent(ends::end);
    }
  }

  /** The same for one that stays although it removes itself at its end. */
  void stopForRestart(Optional<Integer> signal, Optional<Duration> patience)
      throws InterruptedException {
    shutdown.checkStart(container.name());
    stays = true;
    try {
      stop(signal, patience);
    } finally {
      stays = false;
    }
  }

  /** Whether it stays over its end in any case. */
  boolean stays() {
    return stays;
  }

  /** Asks the program to stop, and kills it after a while; returns when it has ended. */
  void stop(Optional<Integer> signal, Optional<Duration> patience) throws InterruptedException {
    if (runs(this::noteStopped)) {
      end(signal.orElseGet(this::stopSignal), patience(patience));
      container.publish("stop", Map.of());
    }
  }

  /**
   * The same before the machine goes down: no user has wanted that, and nothing is waited for
   * without an end.
   */
  void stopWithMachine(Optional<Duration> patience) throws InterruptedException {
    withMachine = true;
    if (runs(this::noteGoingDown)) {
      Duration own = patience(patience);
      Duration wait = patience.isEmpty() && own.isNegative() ? SystemLife.PATIENCE : own;
      end(stopSignal(), wait, Optional.of(KILLED), false);
      container.publish("stop", Map.of());
    }
    ends.awaitSettled(KILLED);
  }

  /** Who has ended it, of one that ends like that. */
  EndFacts.Cause cause(ExitStatus how) {
    StoredContainer now = container.record();
    boolean cutOff =
        shutdown.begun() && Restarting.wanted(now.spec().restartPolicy(), how, now.restartsSoFar());
    return withMachine || cutOff ? EndFacts.Cause.SHUTDOWN : EndFacts.Cause.OWN;
  }

  /** Whether it runs, so that it can be ended; a start that is waited for is given up. */
  private boolean runs(Runnable giveUp) {
    if (container.record().phase() != ContainerStatus.Phase.RUNNING && !restarting.comesBack()) {
      return false;
    }
    container.life().lock(); // whoever is just starting it goes first
    try {
      boolean running = container.record().phase() == ContainerStatus.Phase.RUNNING;
      if (running || restarting.pending()) {
        giveUp.run(); // it may end before it is signalled
      }
      return running;
    } finally {
      container.life().unlock();
    }
  }

  private Duration patience(Optional<Duration> asked) {
    return asked
        .or(() -> container.spec().stopTimeoutSeconds().map(Duration::ofSeconds))
        .orElse(container.system().isPresent() ? SystemLife.PATIENCE : PATIENCE);
  }

  /** Ends the program that runs now, whoever starts another one meanwhile. */
  void end(int number, Duration wait) throws InterruptedException {
    end(number, wait, Optional.empty(), true);
  }

  private void end(int number, Duration wait, Optional<Duration> killed, boolean byUser)
      throws InterruptedException {
    Optional<CompletableFuture<ExitStatus>> end = signalRunning(number, byUser);
    if (end.isEmpty()) {
      return;
    }
    if (adjusting.paused()) {
      adjusting.thaw();
    }
    if (!Ends.await(end.get(), container.name(), wait)) {
      signalUnlessEnded(end.get());
      if (!Ends.await(end.get(), container.name(), killed.orElse(FOR_EVER))) {
        throw new EngineException.Refused(
            "stop",
            container.name(),
            "it was killed and does not end: the kernel holds one of its processes, as on a file"
                + " system that does not answer");
      }
    }
  }

  /** Its end, when there is one that runs; what a user has stopped is not started again. */
  private Optional<CompletableFuture<ExitStatus>> signalRunning(int number, boolean byUser) {
    container.life().lock();
    try {
      if (container.record().phase() != ContainerStatus.Phase.RUNNING) {
        return Optional.empty();
      }
      if (byUser) {
        noteStopped();
      }
      container.process().ifPresent(each -> each.signal(number));
      container.publish("kill", Map.of("signal", Integer.toString(number)));
      return Optional.of(ends.next());
    } finally {
      container.life().unlock();
    }
  }

  private void signalUnlessEnded(CompletableFuture<ExitStatus> end) {
    container.life().lock();
    try {
      if (!end.isDone()) {
        container.process().ifPresent(each -> each.signal(KILL));
        container.publish("kill", Map.of("signal", Integer.toString(KILL)));
      }
    } finally {
      container.life().unlock();
    }
  }
}
