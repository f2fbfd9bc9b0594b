package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.process.Signal;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.Client;
import io.kapsel.runtime.ContainerProcess;
import io.kapsel.runtime.ExitRecord;
import io.kapsel.runtime.LaunchException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

/** One container: its life has one lock, and no other container waits for it. */
public final class Container {
  private static final System.Logger LOG = System.getLogger(Container.class.getName());
  private static final int KILL = 9;
  private static final int TERM = 15;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Kapsel engine;
  private final ReentrantLock life = new ReentrantLock();
  private final List<Client> waiting = new ArrayList<>();
  private final CompletableFuture<Boolean> removed = new CompletableFuture<>();
  private volatile StoredContainer stored;
  private volatile Optional<ContainerProcess> process = Optional.empty();
  private volatile CompletableFuture<ExitStatus> ended = new CompletableFuture<>();

  Container(Kapsel engine, StoredContainer stored) {
    this.engine = engine;
    this.stored = stored;
  }

  /** The whole id. */
  public String id() {
    return stored.id();
  }

  /** The name. */
  public String name() {
    return stored.name();
  }

  /** What it was made from. */
  public ContainerSpec spec() {
    return stored.spec();
  }

  /** The image that it was made from. */
  Optional<StoredImage> image() {
    return stored.image();
  }

  /** The id of the image that it was made from. */
  public Optional<String> imageId() {
    return stored.image().map(StoredImage::id);
  }

  Optional<Long> idBase() {
    return stored.idBase();
  }

  /** What it is doing. */
  public ContainerStatus status() {
    StoredContainer now = stored;
    Optional<ContainerProcess> running =
        now.phase() == ContainerStatus.Phase.RUNNING ? process : Optional.empty();
    return new ContainerStatus(
        now.phase(),
        running.map(ContainerProcess::pid),
        running.map(ContainerProcess::monitorPid),
        now.createdAt(),
        now.startedAt(),
        now.exit(),
        now.error());
  }

  private Assembly assembly() {
    Optional<List<Path>> unpacked =
        stored
            .image()
            .map(engine.images::layers)
            .or(() -> stored.archive().map(digest -> List.of(engine.tarRoot.layer(digest))));
    return new Assembly(
        engine, stored.spec(), new Identity(stored.id(), stored.idBase()), unpacked);
  }

  void make() {
    Assembly assembly = assembly();
    assembly.check();
    boolean made = false;
    try {
      engine.store.make(id());
      assembly.writeFiles();
      engine.store.save(stored);
      made = true;
    } finally {
      if (!made) {
        engine.store.remove(id());
        stored.idBase().ifPresent(engine.ranges::release);
      }
    }
  }

  /** Lets a client see what the program prints from its start on; before {@link #start}. */
  public void attach(Fd stream, boolean in, boolean out, boolean err) {
    life.lock();
    try {
      Client client = new Client(stream.duplicate(), in, out, err);
      if (stored.phase() == ContainerStatus.Phase.RUNNING && process.isPresent()) {
        try (Fd passed = client.stream()) {
          process.get().attach(new Client(passed, in, out, err));
        }
      } else {
        waiting.add(client);
      }
    } finally {
      life.unlock();
    }
  }

  /** Starts the program; returns when it was executed. */
  public void start() {
    life.lock();
    try {
      if (stored.phase() == ContainerStatus.Phase.RUNNING) {
        return;
      }
      checkThere("start");
      if (ended.isDone()) {
        ended = new CompletableFuture<>();
      }
      engine.store.beginRun(id());
      began(launch());
    } catch (LaunchException e) {
      throw notStarted(failure(e));
    } catch (EngineException e) {
      throw notStarted(e);
    } finally {
      dropWaiting();
      life.unlock();
    }
  }

  /** A container whose record cannot be written must not run: nobody would find it again. */
  private void began(ContainerProcess started) {
    StoredContainer before = stored;
    try {
      stored = before.started(Instant.now(), engine.bootId);
      engine.store.save(stored);
      process = Optional.of(started);
      watch(started);
    } catch (EngineException e) {
      stored = before;
      started.signal(KILL);
      started.close();
      engine.runtime.remove(id());
      throw e;
    }
  }

  private EngineException notStarted(EngineException failure) {
    engine.pool().discard(id());
    stored = stored.in(stored.phase(), Optional.ofNullable(failure.getMessage()));
    if (stored.spec().autoRemove()) {
      clear();
    }
    return failure;
  }

  private void dropWaiting() {
    waiting.forEach(client -> client.stream().close());
    waiting.clear();
  }

  private ContainerProcess launch() {
    Assembly assembly = assembly();
    Bundle bundle = assembly.bundle();
    assembly.checkConfinement(bundle.spec());
    return engine
        .pool()
        .take(id())
        .map(sandbox -> engine.runtime.launch(sandbox, bundle, waiting))
        .orElseGet(() -> engine.runtime.launch(bundle, waiting));
  }

  private EngineException failure(LaunchException e) {
    String reason = String.valueOf(e.getMessage());
    return switch (e.kind()) {
      case NOT_FOUND ->
          new EngineException.LaunchFailed(
              name(), reason, EngineException.LaunchFailed.NOT_FOUND, e);
      case NOT_EXECUTABLE ->
          new EngineException.LaunchFailed(
              name(), reason, EngineException.LaunchFailed.NOT_EXECUTABLE, e);
      case REFUSED -> new EngineException.Refused("start", name(), reason);
      case FAILED -> new EngineException.Failed("start", name(), reason, e);
    };
  }

  private void checkThere(String action) {
    if (stored.phase() == ContainerStatus.Phase.REMOVING) {
      throw new EngineException.Conflict(action, name(), "it is being removed");
    }
  }

  private void watch(ContainerProcess started) {
    Thread.ofVirtual()
        .name("container-" + id().substring(0, 12))
        .start(() -> finish(started, started.await()));
  }

  /** What the container asked for and does not have, for the user to know. */
  public List<String> notices() {
    return process.map(ContainerProcess::notices).orElse(List.of());
  }

  void recover() {
    if (stored.phase() != ContainerStatus.Phase.RUNNING) {
      engine.runtime.remove(id());
      if (stored.spec().autoRemove() || stored.phase() == ContainerStatus.Phase.REMOVING) {
        clear();
      } else {
        engine.store.endRun(id());
      }
      return;
    }
    Optional<ContainerProcess> found =
        stored.bootId().equals(engine.bootId)
            ? engine.runtime.reconnect(engine.store.runOf(id()))
            : Optional.empty();
    if (found.isPresent()) {
      process = found;
      watch(found.get());
      return;
    }
    ExitStatus status =
        engine
            .runtime
            .record(engine.store.runOf(id()))
            .map(record -> status(record, engine.runtime.oomKills(id()) > 0))
            .orElseGet(() -> new ExitStatus(128 + KILL, KILL, false, Instant.now()));
    settle(status);
  }

  private void finish(ContainerProcess started, ExitRecord record) {
    if (started.released()) {
      return;
    }
    settle(status(record, engine.runtime.oomKills(id()) > 0));
    started.close();
  }

  private static ExitStatus status(ExitRecord record, boolean oomKilled) {
    return ExitStatus.of(record.status().raw(), oomKilled, record.finished());
  }

  private void settle(ExitStatus status) {
    life.lock();
    try {
      engine.runtime.remove(id());
      stored = stored.ended(status);
      if (stored.spec().autoRemove()) {
        clear();
      } else {
        engine.store.save(stored);
        engine.store.endRun(id());
      }
    } catch (EngineException | LaunchException | SyscallException e) {
      LOG.log(System.Logger.Level.ERROR, "a container's end cannot be written id=" + id(), e);
    } finally {
      ended.complete(status);
      life.unlock();
    }
  }

  /** Waits for the program's end. One that never ran is waited for, too. */
  public ExitStatus await() throws InterruptedException {
    Optional<ExitStatus> known = stored.exit();
    if (stored.phase() == ContainerStatus.Phase.EXITED && known.isPresent()) {
      return known.get();
    }
    try {
      return ended.get();
    } catch (java.util.concurrent.ExecutionException e) {
      throw new EngineException.Failed("wait for", name(), String.valueOf(e.getMessage()), e);
    }
  }

  /** Sends a signal to the program. */
  public void signal(int number) {
    process
        .filter(ContainerProcess::running)
        .orElseThrow(() -> new EngineException.Conflict("kill", name(), "it is not running"))
        .signal(number);
  }

  /** Asks the program to stop, and kills it after a while; returns when it has ended. */
  public void stop(Optional<Integer> signal, Optional<Duration> patience)
      throws InterruptedException {
    if (stored.phase() != ContainerStatus.Phase.RUNNING) {
      return;
    }
    int number =
        signal
            .or(() -> spec().stopSignal().flatMap(Signal::parse).map(Signal::number))
            .orElse(TERM);
    Duration wait =
        patience.or(() -> spec().stopTimeoutSeconds().map(Duration::ofSeconds)).orElse(PATIENCE);
    process.ifPresent(each -> each.signal(number));
    if (!awaitFor(wait)) {
      process.ifPresent(each -> each.signal(KILL));
      await();
    }
  }

  private boolean awaitFor(Duration limit) throws InterruptedException {
    if (limit.isNegative()) {
      await();
      return true;
    }
    try {
      ended.get(limit.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (java.util.concurrent.ExecutionException e) {
      throw new EngineException.Failed("stop", name(), String.valueOf(e.getMessage()), e);
    }
  }

  /** Removes it and all that it has written. */
  public void remove(boolean force) throws InterruptedException {
    if (stored.phase() == ContainerStatus.Phase.RUNNING) {
      if (!force) {
        throw new EngineException.Conflict(
            "remove", name(), "it is running; stop it first, or use --force");
      }
      process.ifPresent(each -> each.signal(KILL));
      await();
    }
    life.lock();
    try {
      if (removed.isDone()) {
        return;
      }
      engine.pool().discard(id());
      engine.runtime.remove(id());
      clear();
    } finally {
      life.unlock();
    }
  }

  /**
   * Whoever waits for the removal is told in any case; what is left is removed at the next start.
   */
  private void clear() {
    stored = stored.in(ContainerStatus.Phase.REMOVING, stored.error());
    dropWaiting();
    try {
      engine.store.remove(id());
    } finally {
      engine.forget(this);
      removed.complete(true);
    }
  }

  /** Waits until nothing of it is left. */
  public void awaitRemoval() throws InterruptedException {
    try {
      removed.get();
    } catch (java.util.concurrent.ExecutionException e) {
      throw new EngineException.Failed("remove", name(), String.valueOf(e.getMessage()), e);
    }
  }

  /** What it has printed. */
  public LogReader log(LogQuery query) {
    return new LogReader(engine.store.stateOf(id()), query, new Output());
  }

  /** One more program in it, made but not started. */
  public Exec exec(ExecSpec spec) {
    ContainerProcess running =
        process
            .filter(ContainerProcess::running)
            .orElseThrow(() ->
                new EngineException.Conflict(
                    "exec in", name(), "container " + id() + " is not running"));
    return new Exec(engine, name(), running, assembly().bundle(), spec, stored.spec());
  }

  void release() {
    process.ifPresent(ContainerProcess::close);
  }

  /** What a reader of the log waits for. */
  private final class Output implements LogReader.Source {
    @Override
    public boolean running() {
      return stored.phase() == ContainerStatus.Phase.RUNNING;
    }

    @Override
    public void await(Duration limit) throws InterruptedException {
      awaitFor(limit);
    }
  }
}
