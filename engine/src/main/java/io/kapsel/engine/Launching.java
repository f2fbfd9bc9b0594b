package io.kapsel.engine;

import io.kapsel.base.AtomicFile.Durability;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.network.Endpoint;
import io.kapsel.network.HostLink;
import io.kapsel.runtime.Checkpoints;
import io.kapsel.runtime.Client;
import io.kapsel.runtime.ContainerProcess;
import io.kapsel.runtime.CriuProgram;
import io.kapsel.runtime.LaunchException;
import io.kapsel.runtime.Sandbox;
import io.kapsel.runtime.criu.CriuException;
import io.kapsel.runtime.criu.CriuSession;
import io.kapsel.runtime.plan.EncodedPlan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What is made for a container before its program runs. Whoever calls has the lock of its life. */
final class Launching {
  private static final System.Logger LOG = System.getLogger(Container.class.getName());

  private final Kapsel engine;
  private final Supplier<StoredContainer> record;
  private final List<Client> waiting = new ArrayList<>();
  private Optional<EncodedPlan> planned = Optional.empty();
  private Optional<Sandbox> begun = Optional.empty();
  private Optional<Source> source = Optional.empty();
  private boolean unsaved;

  /**
   * What a container is brought back from.
   *
   * @param images where the images are
   * @param work a directory for what CRIU writes besides
   * @param told hears of the stages
   */
  record Source(
      Checkpoint checkpoint, Path images, Path work, CriuProgram criu, CriuSession.Listener told) {}

  Launching(Kapsel engine, Supplier<StoredContainer> record) {
    this.engine = engine;
    this.record = record;
  }

  private StoredContainer stored() {
    return record.get();
  }

  /** Lets a client see what the program prints from its start on. */
  void attach(Client client) {
    waiting.add(client);
  }

  /** Its next start goes on where it was frozen. */
  void from(Source frozen) {
    source = Optional.of(frozen);
  }

  /** Its next start is from the beginning. */
  void fromTheBeginning() {
    source = Optional.empty();
  }

  Assembly assembly() {
    return new Assembly(engine, stored().spec(), identity(), unpacked());
  }

  /** The same for another specification. */
  Assembly assembly(ContainerSpec other) {
    return new Assembly(engine, other, identity(), unpacked());
  }

  /** What was made early does not fit any more. */
  void forget() {
    discardSandbox();
    planned = Optional.empty();
  }

  private Identity identity() {
    return new Identity(stored().id(), Optional.of(stored().name()), stored().idBase());
  }

  private Optional<List<Path>> unpacked() {
    Optional<List<Path>> base =
        stored()
            .image()
            .map(engine.images::layers)
            .or(() -> stored().archive().map(digest -> List.of(engine.tarRoot.layer(digest))));
    return stored().saved().map(own -> withSaved(own, base)).or(() -> base);
  }

  private List<Path> withSaved(StoredContainer.Saved own, Optional<List<Path>> base) {
    List<Path> all = new ArrayList<>(engine.saved.trees(own.layers()));
    if (!own.whole()) {
      all.addAll(base.orElseGet(() -> Assembly.find(engine, stored().spec())));
    }
    return all;
  }

  /**
   * Makes what it needs on disk.
   *
   * @param soon whether it is started next, so that its sandbox may be made meanwhile
   * @param prepare what puts the first files into its own layer
   */
  void make(boolean soon, Consumer<Assembly> prepare) {
    Assembly assembly = assembly();
    assembly.checkMounts();
    assembly.fillVolumes();
    boolean made = false;
    try {
      if (!engine.pool().has(stored().id())) {
        engine.store.reserve(stored().id());
      }
      if (soon) {
        begin();
      } else {
        assembly.bundle(); // says what is wrong with it
      }
      if (!engine.pool().has(stored().id())) {
        engine.store.make(stored().id());
      }
      prepare.accept(assembly);
      if (!engine.pool().hasFiles(stored().id(), stored().spec())) {
        assembly.writeFiles();
        engine.joining.forgetFiles(stored().id());
      }
      Logging.write(stored(), engine.store.stateOf(stored().id()));
      save(soon);
      made = true;
    } finally {
      if (!made) {
        discardSandbox();
        engine.store.remove(stored().id());
        stored().idBase().ifPresent(engine.ranges::release);
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
      engine.store.save(stored());
    } else if (stored().spec().autoRemove()) {
      unsaved = true;
    } else {
      engine.store.save(stored(), Durability.SURVIVES_CRASH);
    }
  }

  private void saveUnsaved() {
    if (unsaved) {
      engine.store.save(stored());
      unsaved = false;
    }
  }

  /** What the host refuses is told when it is started. */
  private void begin() {
    try {
      EncodedPlan plan = plan();
      planned = Optional.of(plan);
      if (!engine.pool().has(stored().id())) {
        begun = Optional.of(engine.runtime.begin(stored().id(), plan.sandbox()));
      }
    } catch (LaunchException e) {
      LOG.log(System.Logger.Level.DEBUG, "a sandbox cannot be begun id=" + stored().id(), e);
    }
  }

  private EncodedPlan plan() {
    return engine.plans.plan(stored().spec(), identity(), unpacked());
  }

  /** Gives up what was made early. */
  void discardSandbox() {
    begun.ifPresent(engine.runtime::discard);
    begun = Optional.empty();
    engine
        .pool()
        .take(stored().id())
        .ifPresent(sandbox -> {
          engine.joining.leave(sandbox.id());
          engine.runtime.discard(sandbox);
        });
  }

  void dropWaiting() {
    waiting.forEach(client -> client.stream().close());
    waiting.clear();
  }

  /** Starts the program; returns when it was executed. */
  ContainerProcess launch() {
    if (engine.facts().appArmor()) {
      Assembly assembly = assembly();
      assembly.checkConfinement(assembly.bundle().spec());
    }
    if (source.isPresent()) {
      return bringBack(source.get());
    }
    makeLayers();
    Optional<MountHooks> hooks = hooks();
    EncodedPlan plan = planned.orElseGet(this::plan);
    Sandbox sandbox =
        begun
            .or(() -> engine.pool().take(stored().id()))
            .orElseGet(() -> engine.runtime.begin(stored().id(), plan.sandbox()));
    planned = Optional.empty();
    begun = Optional.empty();
    try {
      Sandbox ready = joined(sandbox, plan);
      hooks.ifPresent(it -> it.pause(ready));
      return engine.runtime.launch(
          ready,
          plan,
          engine.store.runOf(stored().id()),
          waiting,
          () -> {
            saveUnsaved();
            hooks.ifPresent(MountHooks::run);
          });
    } catch (LaunchException e) {
      throw OwnedTrees.mend(stored())
          .filter(_ -> e.kind() == LaunchException.Kind.FAILED)
          .map(mend -> new LaunchException(e.kind(), e.getMessage() + mend))
          .orElse(e);
    } finally {
      hooks.ifPresent(MountHooks::close);
    }
  }

  /** Where what is written above directories of the host goes. */
  private void makeLayers() {
    Path files = engine.store.stateOf(stored().id()).resolve("files");
    for (MountRequest each : stored().spec().mounts()) {
      if (each instanceof MountRequest.Bind bind && bind.layered()) {
        ContainerStore.makeLayer(
            ContainerStore.layerAbove(files, bind),
            engine.ownedTrees.seen(bind.source(), stored().spec().owners()));
      }
    }
  }

  private ContainerProcess bringBack(Source frozen) {
    forget();
    makeLayers();
    try {
      return engine
          .runtime
          .checkpoints()
          .restore(
              frozen.criu(),
              assembly().bundle(),
              new Checkpoints.Return(
                  ContainerCheckpoints.frozen(frozen.checkpoint()),
                  frozen.images(),
                  frozen.work(),
                  engine.config.run(),
                  pid -> network(pid, frozen.checkpoint().endpoints()),
                  frozen.told()),
              waiting);
    } catch (CriuException e) {
      throw new EngineException.Failed("start", stored().name(), String.valueOf(e.getMessage()), e);
    }
  }

  private Optional<MountHooks> hooks() {
    return engine.companions.amends(stored().spec())
        ? MountHooks.of(stored().name(), assembly().bundle())
        : Optional.empty();
  }

  /** Its networks are made while it has nothing that could use them. */
  private Sandbox joined(Sandbox sandbox, EncodedPlan plan) {
    boolean accompanied = engine.companions.amends(stored().spec());
    if (!Joining.isJoined(stored().spec())
        && Joining.links(stored().spec()).isEmpty()
        && !accompanied) {
      return sandbox;
    }
    Sandbox fitting = engine.runtime.fitting(sandbox, plan);
    boolean whole = false;
    try {
      network(fitting.pid(), List.of());
      whole = true;
      return fitting;
    } finally {
      if (!whole) {
        engine.runtime.discard(fitting);
      }
    }
  }

  /** {@code had}: the places that it wants back. */
  private void network(int pid, List<Endpoint> had) {
    List<HostLink> links = Joining.links(stored().spec());
    if (Joining.isJoined(stored().spec())) {
      engine.joining.join(stored(), pid, had);
    }
    if (!links.isEmpty()) {
      engine.joining.give("start", stored(), pid, links);
    }
    if (engine.companions.amends(stored().spec())) {
      engine.companions.joined(engine.container(stored().id()), pid);
    }
  }

  /** Lets go of what was made early; it is not removed. */
  void close() {
    begun.ifPresent(Sandbox::close);
  }
}
