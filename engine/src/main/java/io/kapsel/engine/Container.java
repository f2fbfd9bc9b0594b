package io.kapsel.engine;

import io.kapsel.base.AtomicFile.Durability;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.image.Image;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.process.Signal;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.Reference;
import io.kapsel.runtime.Client;
import io.kapsel.runtime.ContainerProcess;
import io.kapsel.runtime.ExitRecord;
import io.kapsel.runtime.LaunchException;
import io.kapsel.runtime.Sandbox;
import io.kapsel.runtime.plan.EncodedPlan;
import java.io.OutputStream;
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
import java.util.function.UnaryOperator;

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
  private Optional<EncodedPlan> planned = Optional.empty();
  private Optional<Sandbox> begun = Optional.empty();
  private boolean unsaved;
  private volatile CompletableFuture<ExitStatus> ended = new CompletableFuture<>();
  private volatile Optional<Path> layerGoesTo = Optional.empty();
  private final Optional<SystemLife> system;

  Container(Kapsel engine, StoredContainer stored) {
    this.engine = engine;
    this.stored = stored;
    this.system = SystemLife.of(this, engine.store);
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
    return new Assembly(engine, stored.spec(), identity(), unpacked());
  }

  private Identity identity() {
    return new Identity(stored.id(), stored.idBase());
  }

  private Optional<List<Path>> unpacked() {
    return stored
        .image()
        .map(engine.images::layers)
        .or(() -> stored.archive().map(digest -> List.of(engine.tarRoot.layer(digest))));
  }

  /**
   * Makes what it needs on disk.
   *
   * @param soon whether it is started next, so that its sandbox may be made meanwhile
   */
  void make(boolean soon) {
    Assembly assembly = assembly();
    assembly.checkMounts();
    boolean made = false;
    try {
      if (!engine.pool().has(id())) {
        engine.store.reserve(id());
      }
      if (soon) {
        begin();
      } else {
        assembly.bundle(); // says what is wrong with it
      }
      if (!engine.pool().has(id())) {
        engine.store.make(id());
      }
      assembly.prepareLayer();
      if (!engine.pool().hasFiles(id(), stored.spec())) {
        assembly.writeFiles();
      }
      save(soon);
      made = true;
    } finally {
      if (!made) {
        discardSandbox();
        engine.store.remove(id());
        stored.idBase().ifPresent(engine.ranges::release);
      }
    }
  }

  /**
   * The record of one that is started next is written once more when it runs. That of one that is
   * removed if it is not started is written while the launcher works: until then it may not outlive
   * the engine.
   */
  private void save(boolean soon) {
    if (!soon) {
      engine.store.save(stored);
    } else if (stored.spec().autoRemove()) {
      unsaved = true;
    } else {
      engine.store.save(stored, Durability.SURVIVES_CRASH);
    }
  }

  private void saveUnsaved() {
    if (unsaved) {
      engine.store.save(stored);
      unsaved = false;
    }
  }

  /** What the host refuses is told when it is started. */
  private void begin() {
    try {
      EncodedPlan plan = plan();
      planned = Optional.of(plan);
      if (!engine.pool().has(id())) {
        begun = Optional.of(engine.runtime.begin(id(), plan.sandbox()));
      }
    } catch (LaunchException e) {
      LOG.log(System.Logger.Level.DEBUG, "a sandbox cannot be begun id=" + id(), e);
    }
  }

  private EncodedPlan plan() {
    return engine.plans.plan(stored.spec(), identity(), unpacked());
  }

  private void discardSandbox() {
    begun.ifPresent(engine.runtime::discard);
    begun = Optional.empty();
    engine.pool().take(id()).ifPresent(engine.runtime::discard);
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

  /** Before a container that removes itself goes, what it has changed is moved to a directory. */
  void keepLayer(Path target) {
    layerGoesTo = Optional.of(target);
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
      system.ifPresent(SystemLife::begin);
      began(launch());
    } catch (LaunchException e) {
      throw notStarted(Refusals.failure("start", name(), e));
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
      if (!stored.spec().autoRemove()) { // else its monitor tells that it runs
        engine.store.save(stored);
      }
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
    system.ifPresent(SystemLife::close);
    discardSandbox();
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
    if (engine.facts().appArmor()) {
      Assembly assembly = assembly();
      assembly.checkConfinement(assembly.bundle().spec());
    }
    EncodedPlan plan = planned.orElseGet(this::plan);
    Sandbox sandbox =
        begun
            .or(() -> engine.pool().take(id()))
            .orElseGet(() -> engine.runtime.begin(id(), plan.sandbox()));
    planned = Optional.empty();
    begun = Optional.empty();
    return engine.runtime.launch(
        sandbox, plan, engine.store.runOf(id()), waiting, this::saveUnsaved);
  }

  private void checkThere(String action) {
    if (stored.phase() == ContainerStatus.Phase.REMOVING) {
      throw new EngineException.Conflict(action, name(), "it is being removed");
    }
  }

  private void watch(ContainerProcess started) {
    CompletableFuture<Void> _ =
        started
            .end()
            .thenAccept(record -> finish(started, record))
            .exceptionally(e -> {
              LOG.log(System.Logger.Level.ERROR, "a container's end is lost id=" + id(), e);
              return null;
            });
  }

  /** What the container asked for and does not have, for the user to know. */
  public List<String> notices() {
    return process.map(ContainerProcess::notices).orElse(List.of());
  }

  /** The record of one that goes away with its end does not say whether it was started. */
  void recover() {
    if (stored.phase() != ContainerStatus.Phase.RUNNING && !mayRun()) {
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
      if (stored.phase() != ContainerStatus.Phase.RUNNING) {
        stored = stored.started(engine.store.startOf(id()), engine.bootId);
      }
      system.ifPresent(SystemLife::resume);
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

  private boolean mayRun() {
    return stored.spec().autoRemove() && stored.phase() == ContainerStatus.Phase.CREATED;
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

  private void settle(ExitStatus how) {
    ExitStatus status = system.isPresent() ? SystemLife.meant(how) : how;
    life.lock();
    try {
      system.ifPresent(SystemLife::close);
      stored = stored.ended(status);
      layerGoesTo.ifPresent(target -> engine.store.moveLayer(id(), target));
      if (stored.spec().autoRemove()) {
        ended.complete(status); // nobody will read it from a file
      }
      engine.runtime.remove(id());
      if (stored.spec().autoRemove()) {
        clear();
      } else {
        engine.store.save(stored);
        engine.store.endRun(id());
        system.ifPresent(it -> it.rebootIfAsked(status, stored.startedAt()));
      }
    } catch (EngineException | LaunchException | SyscallException e) {
      LOG.log(System.Logger.Level.ERROR, "a container's end cannot be written id=" + id(), e);
    } finally {
      ended.complete(status);
      life.unlock();
    }
  }

  /** Waits until a system container says that it has booted; false when it does not. */
  public boolean awaitReady(Duration limit) throws InterruptedException {
    return system.isPresent() && system.get().awaitReady(limit);
  }

  /** What the init of a system container said last of what it does. */
  public String initStatus() {
    return system.map(SystemLife::status).orElse("");
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
    system.ifPresent(SystemLife::stop);
    if (stored.phase() != ContainerStatus.Phase.RUNNING) {
      return;
    }
    int number = signal.isPresent() ? signal.get() : stopSignal();
    Duration wait =
        patience
            .or(() -> spec().stopTimeoutSeconds().map(Duration::ofSeconds))
            .orElse(system.isPresent() ? SystemLife.PATIENCE : PATIENCE);
    process.ifPresent(each -> each.signal(number));
    if (!awaitFor(wait)) {
      process.ifPresent(each -> each.signal(KILL));
      await();
    }
  }

  private int stopSignal() {
    return system.isPresent()
        ? system.get().haltingSignal()
        : spec().stopSignal().flatMap(Signal::parse).map(Signal::number).orElse(TERM);
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
    system.ifPresent(SystemLife::stop);
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
      discardSandbox();
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

  /** Writes all that it has on its root file system, without what is mounted there. */
  public void export(OutputStream out) {
    Archiving.export(layers(), out);
  }

  /** Its own layer before those that it stands on. */
  private List<Path> layers() {
    checkThere("read");
    List<Path> all = new ArrayList<>();
    all.add(engine.store.stateOf(id()).resolve("upper"));
    all.addAll(assembly().layers());
    return all;
  }

  /**
   * Makes an image of what it has changed. A running one is not stopped for it: a file that changes
   * at this moment may be caught half-way.
   */
  public Image commit(
      Optional<Reference> name,
      Optional<String> author,
      String comment,
      UnaryOperator<ImageConfig.Execution> change) {
    if (spec().root() instanceof RootSource.Host) {
      throw new EngineException.Refused(
          "commit", name(), "its root is a view of this machine, which is not to be given away");
    }
    Optional<Image> base =
        stored.image().flatMap(it -> engine.images.store().image(Digest.parse(it.manifest())));
    if (stored.image().isPresent() && base.isEmpty()) {
      throw new EngineException.Conflict("commit", name(), "its image was removed");
    }
    ImageConfig.Execution execution =
        ImageDefaults.execution(spec(), base.map(it -> it.config().execution()));
    return new Archiving(engine.images.store())
        .committed(
            base,
            layers(),
            change.apply(execution),
            new Archiving.Remarks(
                Instant.now(), author, String.join(" ", spec().arguments()), comment),
            name);
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
    begun.ifPresent(Sandbox::close);
    system.ifPresent(SystemLife::close);
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
