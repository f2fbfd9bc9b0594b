package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.engine.system.HostKeys;
import io.kapsel.engine.system.InitSignals;
import io.kapsel.engine.system.RunHost;
import io.kapsel.linux.SyscallException;
import io.kapsel.runtime.LaunchException;
import io.kapsel.runtime.ProcView;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** What the life of a system container has more than others: readiness, clean ends and reboots. */
final class SystemLife {
  private static final System.Logger LOG = System.getLogger(SystemLife.class.getName());

  /** How long an init may take to listen to signals. */
  private static final Duration BEGINNING = Duration.ofSeconds(10);

  /** An init that never says that it has booted has, when it has not ended so soon. */
  private static final Duration BREATH = Duration.ofMillis(200);

  /** Whoever ran that long does not loop. */
  private static final Duration STEADY = Duration.ofSeconds(10);

  /** How long a system may take to halt. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final int MOST_DOUBLINGS = 9; // 51 seconds

  private final Kapsel engine;
  private final Container container;
  private final Path state;

  /** What becomes /run/host inside. */
  private final Path directory;

  private volatile Optional<RunHost> host = Optional.empty();
  private Optional<CompletableFuture<Void>> reboot = Optional.empty();
  private int quickReboots;
  private volatile boolean stopping;

  /** That of a system container. */
  static Optional<SystemLife> of(Kapsel engine, Container container) {
    return container.spec().isSystem()
        ? Optional.of(new SystemLife(engine, container, engine.store.stateOf(container.id())))
        : Optional.empty();
  }

  private SystemLife(Kapsel engine, Container container, Path state) {
    this.engine = engine;
    this.container = container;
    this.state = state;
    this.directory = state.resolve("files/host");
  }

  /** Before a start. */
  void begin() {
    cancelReboot();
    stopping = false;
    try {
      HostKeys.make(
          state, engine.store.layerOf(container.id()).resolve("upper"), "root@" + container.name());
      host = Optional.of(RunHost.begin(directory, container.id(), this::pid));
      if (ProcView.possible()) {
        engine.view.begin(container.id());
      }
    } catch (IOException e) {
      throw new EngineException.Failed("start", container.name(), AtomicFile.reason(e), e);
    }
  }

  /** It was running when the engine began. */
  void resume() {
    try {
      host = Optional.of(RunHost.resume(directory, this::pid));
      show();
      showAgain(); // the view may have been killed while no engine was there
    } catch (IOException | SyscallException e) {
      LOG.log(
          System.Logger.Level.WARNING, "a container is not listened to id=" + container.id(), e);
    }
  }

  /** It runs, or has other limits now: its {@code /proc} shows that. */
  void show() {
    if (!ProcView.possible()) {
      return;
    }
    try {
      engine.runtime.show(engine.view, container.id(), pid());
    } catch (LaunchException e) {
      LOG.log(System.Logger.Level.WARNING, "a container sees the host id=" + container.id(), e);
    }
  }

  /** Shows what was shown, in a thread of its own: whoever changes its life is waited for. */
  void showAgain() {
    Thread _ = Thread.ofVirtual().name("view-again").start(this::renew);
  }

  private void renew() {
    try (ViewFiles files = staleFiles()) {
      files.mount();
    } catch (IOException | SyscallException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "a container has no /proc of its own until it is started again id=" + container.id(),
          e);
    }
  }

  private ViewFiles staleFiles() throws IOException {
    container.life().lock();
    try {
      if (pid() == 0) {
        return ViewFiles.none();
      }
      show();
      return ViewFiles.stale(engine.view, container.id(), pid());
    } finally {
      container.life().unlock();
    }
  }

  private int pid() {
    return container.status().pid().orElse(0);
  }

  /** It has ended. */
  void end() {
    close();
    engine.view.forget(container.id());
  }

  /** It has ended, or its engine leaves it. */
  void close() {
    host.ifPresent(RunHost::close);
    host = Optional.empty();
  }

  /** Whoever is told that it has not, because it has ended, finds written how. */
  boolean awaitReady(Duration limit) throws InterruptedException {
    if (hasBooted(limit)) {
      return true;
    }
    container.life().lock();
    try {
      return false;
    } finally {
      container.life().unlock();
    }
  }

  private boolean hasBooted(Duration limit) throws InterruptedException {
    Optional<RunHost> running = host;
    if (running.isEmpty()) {
      return false;
    }
    if (!InitSignals.tells(pid())) {
      boolean told = running.get().await(BREATH);
      boolean ended = !host.equals(running);
      if (told || ended || !InitSignals.tells(pid())) {
        return !ended;
      }
    }
    return running.get().await(limit);
  }

  String status() {
    return host.map(RunHost::status).orElse("");
  }

  int haltingSignal() {
    return InitSignals.halting(pid(), BEGINNING);
  }

  /** A system that has halted, or wants to boot again, has ended well, whatever the kernel says. */
  static ExitStatus meant(ExitStatus how) {
    return InitSignals.isHalt(how.signal()) || InitSignals.isReboot(how.signal())
        ? new ExitStatus(0, how.signal(), how.oomKilled(), how.finishedAt())
        : how;
  }

  /** Starts it again if it has asked for that; more slowly each time when it does nothing else. */
  void rebootIfAsked(ExitStatus how, Optional<Instant> since) {
    if (stopping || !InitSignals.isReboot(how.signal()) || container.spec().autoRemove()) {
      quickReboots = 0;
      return;
    }
    boolean steady = since.filter(it -> it.plus(STEADY).isBefore(how.finishedAt())).isPresent();
    quickReboots = steady ? 0 : Math.min(quickReboots + 1, MOST_DOUBLINGS);
    long millis = steady ? 0 : FIRST_PAUSE.toMillis() << (quickReboots - 1);
    LOG.log(
        System.Logger.Level.INFO, "a container reboots id={0} in={1}ms", container.id(), millis);
    reboot =
        Optional.of(
            CompletableFuture.runAsync(
                this::startAgain,
                CompletableFuture.delayedExecutor(
                    millis, TimeUnit.MILLISECONDS, task -> Thread.ofVirtual().start(task))));
  }

  private void startAgain() {
    try {
      container.start();
    } catch (EngineException e) {
      LOG.log(System.Logger.Level.ERROR, "a container cannot reboot id=" + container.id(), e);
    }
  }

  /** Whether it boots again by itself. */
  boolean reboots() {
    return reboot.filter(each -> !each.isDone()).isPresent();
  }

  /** Somebody wants it to stop: it does not boot again, whatever its init asks for. */
  void stop() {
    stopping = true;
    cancelReboot();
  }

  /** Somebody wants it otherwise. */
  void cancelReboot() {
    reboot.ifPresent(each -> each.cancel(false));
    reboot = Optional.empty();
  }
}
