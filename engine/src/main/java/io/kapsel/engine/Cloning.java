package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.engine.system.HostKeys;
import io.kapsel.network.Attachment;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes a container like another: both stand on the same layers and write their own. What says
 * which machine it is becomes new: names, addresses, the machine-id and the keys of its host.
 */
public final class Cloning {
  private final Kapsel engine;
  private final Container source;

  /**
   * What is wanted.
   *
   * @param snapshot of the source; absent: as it is now
   * @param name of the copy; absent: one that nobody has
   * @param ephemeral whether it goes when it stops
   * @param memory whether what it writes is in memory, for one that goes
   */
  public record Request(
      Optional<String> snapshot,
      Optional<String> name,
      boolean ephemeral,
      Optional<Memory> memory) {
    /** Checks that they fit each other. */
    public Request {
      InvalidRequestException.unless(
          ephemeral || memory.isEmpty(), "what is kept is not in memory alone");
    }

    /** What it writes is on the disk. */
    public Request(Optional<String> snapshot, Optional<String> name, boolean ephemeral) {
      this(snapshot, name, ephemeral, Optional.empty());
    }
  }

  /**
   * Memory for what a container writes.
   *
   * @param most bytes; absent: as many as the kernel lets a tmpfs have, half of the machine's
   */
  public record Memory(Optional<Long> most) {}

  Cloning(Kapsel engine, Container source) {
    this.engine = engine;
    this.source = source;
  }

  /** The source is not removed meanwhile, and so neither is its image. */
  Container copy(Request request) {
    source.life().lock();
    try {
      source.checkThere("clone");
      Optional<Snapshot> snapshot = request.snapshot().map(source.snapshots()::get);
      List<String> layers =
          snapshot.map(this::held).orElseGet(() -> new OwnLayer(engine, source).settle());
      try {
        ContainerSpec spec = renamed(snapshot.map(Snapshot::spec).orElseGet(source::spec), request);
        checkMemory(spec, request);
        Container copy = engine.create(spec, ground(layers, request.memory()), false);
        copy.publish("clone", Map.of("source", source.name()));
        return copy;
      } finally {
        engine.saved.release(layers);
      }
    } finally {
      source.life().unlock();
    }
  }

  private void checkMemory(ContainerSpec spec, Request request) {
    if (request.memory().isPresent()
        && Kapsel.hasUsers(spec)
        && !engine.facts().kernelAtLeast(6, 3)) {
      throw new EngineException.Refused(
          "clone",
          source.name(),
          "a kernel before Linux 6.3 does not show memory with the owners of a container; let it"
              + " write to the disk");
    }
  }

  private List<String> held(Snapshot snapshot) {
    engine.saved.hold(snapshot.layers());
    return snapshot.layers();
  }

  private Ground ground(List<String> layers, Optional<Memory> memory) {
    StoredContainer record = source.record();
    boolean whole = record.saved().filter(StoredContainer.Saved::whole).isPresent();
    return new Ground(
        record.image(),
        record.archive(),
        Optional.of(new StoredContainer.Saved(layers, whole)),
        assembly -> {
          memory.ifPresent(it -> engine.store.intoMemory(assembly.identity().id(), it.most()));
          new Renewal(engine, assembly).apply(source.name(), noted());
        });
  }

  /** One that was never started has not made the keys yet that it is to have. */
  private List<String> noted() {
    try {
      return HostKeys.noted(engine.store.stateOf(source.id()));
    } catch (IOException e) {
      throw new EngineException.Failed("clone", source.name(), AtomicFile.reason(e), e);
    }
  }

  private ContainerSpec renamed(ContainerSpec spec, Request request) {
    ContainerSpecBuilder copy = new ContainerSpecBuilder(spec.named(request.name()));
    copy.autoRemove(request.ephemeral());
    copy.mounts(spec.mounts().stream().map(engine.volumes::forAnother).toList());
    spec.networks().map(Cloning::readdressed).ifPresent(copy::networks);
    if (spec.hostname().filter(source.name()::equals).isPresent()) {
      request.name().filter(Renewal::isHostname).ifPresent(copy::hostname);
    }
    return copy.build();
  }

  static NetworkRequest readdressed(NetworkRequest networks) {
    return networks.attachedTo(
        networks.attachments().stream()
            .map(each ->
                new Attachment(
                    each.network(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    each.aliases(),
                    each.priority()))
            .toList());
  }
}
