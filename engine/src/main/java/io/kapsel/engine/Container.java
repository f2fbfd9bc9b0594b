package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.engine.spec.Healthcheck;
import io.kapsel.engine.spec.UpdateRequest;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.network.Attachment;
import io.kapsel.network.Joined;
import io.kapsel.runtime.Client;
import io.kapsel.runtime.ContainerProcess;
import io.kapsel.runtime.ExitRecord;
import io.kapsel.runtime.LaunchException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** One container: its life has one lock, and no other container waits for it. */
public final class Container {
  private static final System.Logger LOG = System.getLogger(Container.class.getName());

  private final Kapsel engine;
  private final ReentrantLock life = new ReentrantLock();
  private volatile StoredContainer stored;
  private volatile Optional<ContainerProcess> process = Optional.empty();
  private final Launching launching;
  private final Ends ends = new Ends();
  private volatile Optional<Path> layerGoesTo = Optional.empty();
  private volatile Optional<SystemLife> system;
  private final Restarting restarting = new Restarting();
  private final Adjusting adjusting;
  private final Stopping stopping;
  private final Removing removing;
  private final Reconfiguring reconfiguring;
  private volatile Optional<Health> health = Optional.empty();

  Container(Kapsel engine, StoredContainer stored) {
    this.engine = engine;
    this.stored = stored;
    this.system = SystemLife.of(engine, this);
    this.adjusting = new Adjusting(engine, this);
    this.stopping = new Stopping(engine.shutdown, this, adjusting, restarting, ends);
    this.launching = new Launching(engine, () -> this.stored);
    this.removing = new Removing(engine, this, launching, stopping, adjusting, ends);
    this.reconfiguring = new Reconfiguring(engine, this, launching, stopping);
  }

  ReentrantLock life() {
    return life;
  }

  StoredContainer record() {
    return stored;
  }

  Optional<SystemLife> system() {
    return system;
  }

  Optional<ContainerProcess> process() {
    return process;
  }

  /** Whoever calls has the lock of its life; it is written with the next change. */
  void note(StoredContainer other) {
    stored = other;
  }

  /** Whoever calls has the lock of its life. */
  void replace(StoredContainer other) {
    engine.store.save(other);
    stored = other;
    if (other.spec().isSystem() != system.isPresent()) {
      system = SystemLife.of(engine, this);
    }
  }

  void make(boolean soon, Consumer<Assembly> prepare) {
    launching.make(soon, prepare);
  }

  /** Its disks and devices. */
  public Devices devices() {
    return new Devices(engine, this, launching);
  }

  /** Its terminals, and who is at them. */
  public Terminals terminals() {
    return new Terminals(this);
  }

  /** What it was at certain times, and back to that. */
  public Snapshots snapshots() {
    return new Snapshots(engine, this);
  }

  /** Frozen into files, and back from them. */
  public ContainerCheckpoints checkpoints() {
    return new ContainerCheckpoints(engine, this, launching, stopping);
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
    boolean comesBack = restarting.comesBack();
    StoredContainer now = stored;
    comesBack |= restarting.comesBack();
    Optional<ContainerProcess> running =
        now.phase() == ContainerStatus.Phase.RUNNING ? process : Optional.empty();
    return new ContainerStatus(
        now.phase(),
        running.map(ContainerProcess::pid),
        running.map(ContainerProcess::monitorPid),
        now.createdAt(),
        now.startedAt(),
        now.exit(),
        now.error(),
        adjusting.paused(),
        comesBack && running.isEmpty(),
        now.restartsSoFar().count(),
        health.map(Health::status),
        now.last(),
        now.restartsSoFar().stopped());
  }

  void publish(String action, Map<String, String> more) {
    engine.events.publish(stored, action, more);
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
        launching.attach(client);
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
        if (adjusting.paused()) {
          throw new EngineException.Conflict(
              "start", name(), "cannot start a paused container, try unpause instead");
        }
        return;
      }
      checkThere("start");
      engine.shutdown.checkStart(name());
      restarting.cancel();
      stored = stored.restarted(StoredContainer.Restarts.NONE);
      ends.endUnless(this::startNow, () -> stored.exit());
    } finally {
      launching.dropWaiting();
      life.unlock();
    }
  }

  private void startNow() {
    try {
      ends.begin();
      engine.companions.starting(this);
      engine.store.beginRun(id());
      system.ifPresent(SystemLife::begin);
      engine.volumes.mount(stored.spec());
      if (stored.spec().autoRemove() && stored.startedAt().isPresent()) {
        engine.store.forgetMount(id());
      }
      began(launching.launch());
    } catch (LaunchException e) {
      throw notStarted(Refusals.failure("start", name(), e));
    } catch (EngineException e) {
      throw notStarted(e);
    } catch (SyscallException e) {
      throw notStarted(
          new EngineException.Failed("start", name(), String.valueOf(e.getMessage()), e));
    }
    engine.companions.started(this, process.orElseThrow()::signal);
  }

  /** Once more, because its policy says so. */
  private void startAgain() {
    life.lock();
    try {
      if (!engine.shutdown.begun()
          && restarting.begin()
          && stored.phase() != ContainerStatus.Phase.REMOVING) {
        startNow();
      }
    } catch (EngineException e) {
      if (!restarting.again(id(), e, this::startAgain)) {
        stored.exit().ifPresent(ends::end);
      }
    } finally {
      restarting.settled();
      life.unlock();
    }
  }

  /**
   * Starts what its policy wants to run, as the engine starts.
   *
   * @return whether it is such a one
   */
  boolean startByPolicy() {
    life.lock();
    try {
      boolean rebooted = !stored.bootId().equals(engine.bootId);
      if (stored.phase() != ContainerStatus.Phase.EXITED
          || restarting.pending()
          || engine.shutdown.begun()
          || !Restarting.wantedByEngine(stored, rebooted)) {
        return false;
      }
      stored = stored.restarted(StoredContainer.Restarts.NONE);
      startNow();
      return true;
    } catch (EngineException e) {
      return restarting.again(id(), e, this::startAgain);
    } finally {
      life.unlock();
    }
  }

  /** A container whose record cannot be written must not run: nobody would find it again. */
  private void began(ContainerProcess started) {
    StoredContainer before = stored;
    try {
      process = Optional.of(started); // whoever sees that it runs, signals this process
      stored = before.started(Instant.now(), engine.bootId);
      if (!stored.spec().autoRemove()) { // else its monitor tells that it runs
        engine.store.save(stored);
      }
      system.ifPresent(SystemLife::show);
      beginHealth();
      publish("start", Map.of()); // one that has ended already is settled as soon as it is watched
      watch(started);
    } catch (EngineException e) {
      stored = before;
      started.signal(Stopping.KILL);
      started.close();
      engine.runtime.remove(id());
      throw e;
    }
  }

  private void beginHealth() {
    health =
        stored.spec().health().filter(Healthcheck::looks).map(check -> Health.begin(this, check));
  }

  private EngineException notStarted(EngineException failure) {
    system.ifPresent(SystemLife::end);
    launching.discardSandbox();
    engine.pool().discard(id());
    engine.joining.leave(id());
    stored = stored.in(stored.phase(), Optional.ofNullable(failure.getMessage()));
    if (stored.spec().autoRemove()) {
      removing.clear(true);
    } else {
      removing.keep(failure);
    }
    return failure;
  }

  /** What it has of networks while it runs. */
  public Optional<Joined> joined() {
    return engine.networks().member(id());
  }

  /** Joins it to one more network: at once if it runs, and each time that it is started. */
  public void connect(Attachment wanted) {
    new Connecting(engine, this).connect(wanted);
  }

  /** Takes it out of a network. */
  public void disconnect(String network) {
    new Connecting(engine, this).disconnect(network);
  }

  void checkThere(String action) {
    if (stored.phase() == ContainerStatus.Phase.REMOVING) {
      throw ends.removed()
          ? new EngineException.NotFound(name())
          : new EngineException.Conflict(action, name(), "it is being removed");
    }
  }

  private void watch(ContainerProcess started) {
    LogForwarding.begin(this, stored, engine.store.stateOf(id()));
    ends.settling(
        started
            .end()
            .thenAccept(record -> finish(started, record))
            .exceptionally(e -> {
              LOG.log(System.Logger.Level.ERROR, "a container's end is lost id=" + id(), e);
              return null;
            }));
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
        removing.clear(true);
      } else {
        engine.store.endRun(id());
        LogForwarding.finish(this, stored, engine.store.stateOf(id()));
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
      adjusting.recover();
      beginHealth();
      watch(found.get());
      return;
    }
    boolean rebooted = !stored.bootId().equals(engine.bootId);
    LogForwarding.finish(this, stored, engine.store.stateOf(id()));
    settle(Reconnecting.endOf(engine, id()), rebooted ? EndFacts.Cause.REBOOT : EndFacts.Cause.OWN);
  }

  private boolean mayRun() {
    return stored.spec().autoRemove() && stored.phase() == ContainerStatus.Phase.CREATED;
  }

  private void finish(ContainerProcess started, ExitRecord record) {
    if (!started.released()) {
      ExitStatus how = ExitStatus.of(record, engine.runtime.oomKills(id()) > 0);
      settle(how, record.lost() ? EndFacts.Cause.UNSEEN : stopping.cause(how));
      started.close();
    }
  }

  private void settle(ExitStatus how, EndFacts.Cause cause) {
    ExitStatus status = system.isPresent() ? SystemLife.meant(how) : how;
    life.lock();
    boolean again = false;
    boolean goes = stored.spec().autoRemove() && !stopping.stays();
    try {
      system.ifPresent(SystemLife::end);
      adjusting.ended();
      health.ifPresent(Health::end);
      engine.joining.leave(id());
      restarting.ending(engine.shutdown, stored, status, cause);
      stored = stored.ended(EndFacts.find(engine, stored, status, cause));
      layerGoesTo.ifPresent(target -> engine.store.moveLayer(id(), target));
      if (goes) {
        ends.end(status); // nobody will read it from a file
      }
      EndFacts.publish(this, status);
      engine.runtime.remove(id());
      engine.volumes.unmount(stored.spec(), engine::runsWithVolume);
      if (goes) {
        removing.clear(true);
      } else {
        Optional<StoredContainer> next =
            restarting.expected(engine.shutdown, stored, status, cause);
        again = next.isPresent();
        stored = next.orElse(stored);
        engine.store.save(stored);
        engine.store.endRun(id());
        system.ifPresent(it -> it.rebootIfAsked(status, stored.startedAt()));
      }
    } catch (EngineException | LaunchException | SyscallException e) {
      LOG.log(System.Logger.Level.ERROR, "a container's end cannot be written id=" + id(), e);
    } finally {
      engine.companions.ended(this, again || system.filter(SystemLife::reboots).isPresent());
      if (again) {
        ends.ran(status);
        restarting.later(stored, this::startAgain);
      } else {
        ends.end(status);
      }
      restarting.settled();
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

  /**
   * Waits for the program's end, and that of those that its policy starts after it. One that never
   * ran is waited for, too.
   */
  public ExitStatus await() throws InterruptedException {
    Optional<ExitStatus> known = stored.exit();
    if (stored.phase() == ContainerStatus.Phase.EXITED
        && known.isPresent()
        && !restarting.comesBack()) {
      return known.get();
    }
    return ends.await(name());
  }

  /**
   * The end of its program, or of the next one where it does not run; what a policy starts after it
   * is not waited for.
   */
  public CompletableFuture<ExitStatus> nextEnd() {
    return ends.ofRun().copy();
  }

  /** Waits until nothing of it is left. */
  public void awaitRemoval() throws InterruptedException {
    ends.awaitRemoval(name());
  }

  /** Sends a signal to the program. One that ends it for good ends its restarts, too. */
  public void signal(int number) {
    stopping.signal(number);
  }

  /** Asks the program to stop, and kills it after a while; returns when it has ended. */
  public void stop(Optional<Integer> signal, Optional<Duration> patience)
      throws InterruptedException {
    system.ifPresent(SystemLife::stop);
    stopping.stop(signal, patience);
  }

  /** The same before the machine goes down: what its policy wants to run comes back with it. */
  void stopWithMachine(Optional<Duration> patience) throws InterruptedException {
    system.ifPresent(SystemLife::stop);
    stopping.stopWithMachine(patience);
    engine.companions.awaitEnd(id(), Stopping.KILLED);
  }

  /** Stops it, if it runs, and starts it. */
  public void restart(Optional<Integer> signal, Optional<Duration> patience)
      throws InterruptedException {
    system.ifPresent(SystemLife::stop);
    stopping.stopForRestart(signal, patience);
    start();
    publish("restart", Map.of());
  }

  /** Stops all its processes where they are. */
  public void pause() {
    adjusting.pause();
  }

  /** Lets its processes go on. */
  public void unpause() {
    adjusting.unpause();
  }

  /** Gives it another name. */
  public void rename(String name) {
    adjusting.rename(name);
  }

  /**
   * Makes something else of it: at once where the kernel allows that, else by a new start on the
   * same writable layer, if {@code mayStart}.
   */
  public void update(UpdateRequest request, boolean mayStart) throws InterruptedException {
    reconfiguring.update(request, mayStart);
  }

  /** Brings back what it was before the last update. */
  public void rollback(boolean mayStart) throws InterruptedException {
    reconfiguring.rollback(mayStart);
  }

  /** What it was made from before the last update. */
  public Optional<ContainerSpec> specBefore() {
    return stored.before();
  }

  /** Says anew what it is to be, where it does not run; its root stays. */
  public void specify(ContainerSpec wanted) {
    adjusting.specify(wanted);
  }

  void checkRunning(String action) {
    checkThere(action);
    if (stored.phase() != ContainerStatus.Phase.RUNNING) {
      throw stopping.notRunning(action);
    }
  }

  /** What it has and uses while it runs. */
  public Measures measures() {
    return new Measures(engine, this);
  }

  /** Removes it and all that it has written, but for volumes. */
  public void remove(boolean force) throws InterruptedException {
    remove(force, false);
  }

  /** The same; with the volumes that were made for it alone, if that is asked. */
  public void remove(boolean force, boolean volumes) throws InterruptedException {
    removing.remove(force, volumes);
  }

  /** What it has printed. */
  public LogReader log(LogQuery query) {
    Output output = new Output(() -> stored.phase(), ends, name());
    return Logging.read(stored, engine.store.stateOf(id()), query, output);
  }

  /** What is on its root file system. */
  public Contents contents() {
    checkThere("read");
    return new Contents(engine, this, launching.assembly().layers());
  }

  /** Its files as its processes see them. */
  public ContainerFiles files() {
    return new ContainerFiles(engine, this);
  }

  /** One more program in it, made but not started. */
  public Exec exec(ExecSpec spec) {
    ContainerProcess running = stopping.enterable("exec in");
    return new Exec(engine, this, stopping, running, launching.assembly().bundle(), spec);
  }

  void release() {
    restarting.cancel();
    health.ifPresent(Health::end);
    system.ifPresent(SystemLife::close);
    launching.close();
    process.ifPresent(ContainerProcess::close);
  }
}
