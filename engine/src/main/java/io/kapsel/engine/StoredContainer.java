package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What is on disk of one container.
 *
 * @param archive the digest of the archive that is its root file system
 * @param bootId the start of the machine in which it was last running
 * @param restarts what its policy has done, once it has done something
 * @param last how it ended the last time
 * @param before how it was specified before the last change
 * @param saved the layers of its own that it stands on, once there are any
 */
record StoredContainer(
    int schema,
    String id,
    String name,
    ContainerSpec spec,
    Optional<Long> idBase,
    Optional<String> archive,
    Optional<StoredImage> image,
    Instant createdAt,
    ContainerStatus.Phase phase,
    Optional<Instant> startedAt,
    Optional<ExitStatus> exit,
    Optional<String> error,
    String bootId,
    Optional<Restarts> restarts,
    Optional<EndFacts> last,
    Optional<ContainerSpec> before,
    Optional<Saved> saved) {
  /** The version of this form. */
  public static final int SCHEMA = 2;

  /** What is enough for those that stand on no layers of their own. */
  static final int FIRST_SCHEMA = 1;

  /**
   * What a policy has to remember.
   *
   * @param count how often in a row it was started again
   * @param stopped whether a user has stopped it
   */
  record Restarts(int count, boolean stopped) {
    static final Restarts NONE = new Restarts(0, false);
  }

  /**
   * Layers that it has written, or has from another, and writes no more.
   *
   * @param layers the upper ones first
   * @param whole whether nothing of an image or another root is below them
   */
  record Saved(List<String> layers, boolean whole) {
    Saved {
      layers = List.copyOf(layers);
    }
  }

  /** Those that know nothing of saved layers must not take one for theirs that has some. */
  StoredContainer {
    schema = Math.max(schema, saved.isPresent() ? SCHEMA : FIRST_SCHEMA);
  }

  /** The layers of its own that it stands on, the upper ones first. */
  List<String> savedLayers() {
    return saved.map(Saved::layers).orElse(List.of());
  }

  /** The same on other layers. */
  StoredContainer standingOn(List<String> layers) {
    boolean whole = saved.filter(Saved::whole).isPresent();
    Optional<Saved> next =
        layers.isEmpty() && !whole ? Optional.empty() : Optional.of(new Saved(layers, whole));
    return new StoredContainer(
        schema, id, name, spec, idBase, archive, image, createdAt, phase, startedAt, exit, error,
        bootId, restarts, last, before, next);
  }

  /** Never absent. */
  Restarts restartsSoFar() {
    return restarts.orElse(Restarts.NONE);
  }

  /** The same in another phase. */
  public StoredContainer in(ContainerStatus.Phase next, Optional<String> why) {
    return with(next, startedAt, exit, why);
  }

  /** The same, running since now. */
  public StoredContainer started(Instant now, String boot) {
    StoredContainer running =
        with(ContainerStatus.Phase.RUNNING, Optional.of(now), Optional.empty(), Optional.empty());
    return running.with(name, spec, boot, restarts);
  }

  /** The same, ended. */
  public StoredContainer ended(EndFacts facts) {
    StoredContainer ended =
        with(ContainerStatus.Phase.EXITED, startedAt, Optional.of(facts.exit()), error);
    return ended.with(name, spec, bootId, restarts, Optional.of(facts));
  }

  /** The same under another name. */
  public StoredContainer named(String other) {
    return with(other, spec, bootId, restarts);
  }

  /** The same, changed by a user who may want back what was. */
  public StoredContainer changed(ContainerSpec other) {
    return new StoredContainer(
        schema,
        id,
        name,
        other,
        idBase,
        archive,
        image,
        createdAt,
        phase,
        startedAt,
        exit,
        error,
        bootId,
        restarts,
        last,
        Optional.of(spec),
        saved);
  }

  /** The same as it was specified later. */
  public StoredContainer specified(ContainerSpec other) {
    return with(name, other, bootId, restarts);
  }

  /** The same with another memory of its policy. */
  public StoredContainer restarted(Restarts soFar) {
    return with(
        name, spec, bootId, soFar.equals(Restarts.NONE) ? Optional.empty() : Optional.of(soFar));
  }

  private StoredContainer with(
      ContainerStatus.Phase next,
      Optional<Instant> since,
      Optional<ExitStatus> how,
      Optional<String> why) {
    return new StoredContainer(
        schema, id, name, spec, idBase, archive, image, createdAt, next, since, how, why, bootId,
        restarts, last, before, saved);
  }

  private StoredContainer with(
      String called, ContainerSpec wanted, String boot, Optional<Restarts> soFar) {
    return with(called, wanted, boot, soFar, last);
  }

  private StoredContainer with(
      String called,
      ContainerSpec wanted,
      String boot,
      Optional<Restarts> soFar,
      Optional<EndFacts> end) {
    return new StoredContainer(
        schema, id, called, wanted, idBase, archive, image, createdAt, phase, startedAt, exit,
        error, boot, soFar, end, before, saved);
  }
}
