package io.kapsel.engine;

import io.kapsel.linux.host.HostFinding;
import io.kapsel.network.Joined;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.Checkpoints;
import io.kapsel.runtime.ContainerProcess;
import io.kapsel.runtime.CriuProgram;
import io.kapsel.runtime.Freezing;
import io.kapsel.runtime.Frozen;
import io.kapsel.runtime.criu.CriuException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A container frozen into files, with its processes and their memory, and back from there. */
public final class ContainerCheckpoints {
  private final Kapsel engine;
  private final Container container;
  private final Launching launching;
  private final Stopping stopping;

  ContainerCheckpoints(Kapsel engine, Container container, Launching launching, Stopping stopping) {
    this.engine = engine;
    this.container = container;
    this.launching = launching;
    this.stopping = stopping;
  }

  private CheckpointStore store(Optional<Path> directory) {
    return new CheckpointStore(
        directory.orElseGet(() -> engine.store.stateOf(container.id()).resolve("checkpoints")));
  }

  /** All in that directory, or that are kept with the container; the oldest first. */
  public List<Checkpoint> list(Optional<Path> directory) {
    return store(directory).list();
  }

  /** Removes one. */
  public void remove(String name, Optional<Path> directory) {
    store(directory).remove(name);
  }

  /**
   * Freezes a container that runs. Until all is in the files it can be refused, and then the
   * container goes on.
   */
  public Checkpoint create(CheckpointRequest request) throws InterruptedException {
    Checkpoint made = freeze(request);
    if (!request.leaveRunning()) {
      ExitStatus _ = container.await();
    }
    return made;
  }

  private Checkpoint freeze(CheckpointRequest request) {
    CheckpointStore store = store(request.directory());
    container.life().lock();
    try {
      ContainerProcess process = freezable(request.leaveRunning());
      Checkpoint made = store.make(request.name(), place -> frozen(request, process, store, place));
      if (!request.leaveRunning()) {
        stopping.noteStopped();
      }
      container.publish("checkpoint", Map.of("checkpoint", request.name()));
      return made;
    } finally {
      container.life().unlock();
    }
  }

  private Checkpoint frozen(
      CheckpointRequest request, ContainerProcess process, CheckpointStore store, Path place) {
    CriuProgram criu = program("checkpoint", container.name());
    Checkpoint made = describe(request, process);
    Freezing how = how(request, place, process);
    Runnable then = () -> store.complete(place, made);
    Checkpoints all = engine.runtime.checkpoints();
    refusing(() -> all.freeze(criu, bundle(), process, frozen(made), how, then));
    return made;
  }

  /**
   * Copies the memory of a container that goes on, as the part of a later checkpoint that takes
   * longest. What is in the place of a checkpoint then is none.
   *
   * @return where it is, for the requests that follow
   */
  public Path copyAhead(CheckpointRequest request) {
    CheckpointStore store = store(request.directory());
    container.life().lock();
    try {
      ContainerProcess process = freezable(true);
      return store.make(request.name(), place -> copied(request, process, store, place));
    } finally {
      container.life().unlock();
    }
  }

  private Path copied(
      CheckpointRequest request, ContainerProcess process, CheckpointStore store, Path place) {
    CriuProgram criu = program("checkpoint", container.name());
    Frozen frozen = frozen(describe(request, process));
    Freezing how = how(request, place, process);
    Checkpoints all = engine.runtime.checkpoints();
    refusing(() -> all.copyAhead(criu, bundle(), process, frozen, how));
    store.completeAhead(place, request.name());
    return store.images(request.name());
  }

  private ContainerProcess freezable(boolean leaveRunning) {
    container.checkRunning("checkpoint");
    if (container.status().paused()) {
      throw new EngineException.Conflict(
          "checkpoint", container.name(), "it is paused, and would stay so; unpause it first");
    }
    if (container.spec().autoRemove() && !leaveRunning) {
      throw new EngineException.Refused(
          "checkpoint",
          container.name(),
          "it removes itself when it stops, and its files with it; use --leave-running");
    }
    Bundle bundle = bundle();
    ContainerProcess process = container.process().orElseThrow();
    Checkpoints.obstacle(bundle)
        .or(() -> engine.runtime.checkpoints().obstacle(bundle, process))
        .ifPresent(why -> {
          throw new EngineException.Refused("checkpoint", container.name(), why);
        });
    return process;
  }

  private Bundle bundle() {
    return launching.assembly().bundle();
  }

  /** CRIU of this host. */
  static CriuProgram program(String action, String name) {
    try {
      return CriuProgram.find("");
    } catch (CriuException e) {
      throw new EngineException.Refused(action, name, String.valueOf(e.getMessage()));
    }
  }

  /** Whether containers can be frozen here. */
  static HostFinding diagnose() {
    Optional<CriuProgram> criu;
    try {
      criu = Optional.of(CriuProgram.find(""));
    } catch (CriuException e) {
      return HostFinding.limited("criu", "no checkpoints: there is no CRIU", "install criu");
    }
    Optional<String> complaint = criu.get().complaint();
    return complaint
        .map(why ->
            HostFinding.limited(
                "criu",
                "no checkpoints: criu check: " + why,
                "a version of CRIU that knows this kernel"))
        .orElseGet(() -> HostFinding.ok("criu", "checkpoints, by " + criu.get().path()));
  }

  private Checkpoint describe(CheckpointRequest request, ContainerProcess process) {
    Frozen frozen = engine.runtime.checkpoints().describe(bundle(), process, request.connections());
    return new Checkpoint(
        Checkpoint.SCHEMA,
        request.name(),
        Instant.now(),
        container.id(),
        frozen.connections(),
        frozen.mounts(),
        frozen.streams(),
        container.joined().map(Joined::endpoints).orElse(List.of()));
  }

  private Freezing how(CheckpointRequest request, Path place, ContainerProcess process) {
    Path images = CheckpointStore.images(place);
    return new Freezing(
        images,
        work(),
        request.leaveRunning(),
        request.connections(),
        request.locks(),
        request.ahead().map(it -> CheckpointStore.adopt(place, it)),
        CheckpointScript.of(request.script(), images, process.pid()));
  }

  private void refusing(Runnable work) {
    try {
      work.run();
    } catch (CriuException e) {
      throw new EngineException.Failed(
          "checkpoint", container.name(), e.getMessage() + "; it goes on", e);
    }
  }

  static Frozen frozen(Checkpoint checkpoint) {
    return new Frozen(checkpoint.mounts(), checkpoint.streams(), checkpoint.connections());
  }

  /** Where CRIU writes what it does. */
  private Path work() {
    return CheckpointStore.makeDirectory(engine.store.stateOf(container.id()).resolve("criu"));
  }

  /** Starts the container where it was frozen; the checkpoint stays. */
  public void start(String name, Optional<Path> directory) {
    start(name, directory, Optional.empty());
  }

  /** The same with a program of the host that is told of each stage and may refuse it. */
  public void start(String name, Optional<Path> directory, Optional<Path> script) {
    CheckpointStore store = store(directory);
    container.life().lock();
    try {
      container.checkThere("start");
      if (container.status().phase() == ContainerStatus.Phase.RUNNING) {
        throw new EngineException.Conflict("start", container.name(), "it is running");
      }
      Checkpoint checkpoint = store.get(name);
      launching.from(
          new Launching.Source(
              checkpoint,
              store.images(name),
              work(),
              program("start", container.name()),
              CheckpointScript.of(script, store.images(name), 0)));
      container.start();
    } finally {
      launching.fromTheBeginning();
      container.life().unlock();
    }
  }
}
