package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import java.time.Instant;
import java.util.Optional;

/**
 * What is on disk of one container.
 *
 * @param archive the digest of the archive that is its root file system
 * @param bootId the start of the machine in which it was last running
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
    String bootId) {
  /** The version of this form. */
  public static final int SCHEMA = 1;

  /** The same in another phase. */
  public StoredContainer in(ContainerStatus.Phase next, Optional<String> why) {
    return new StoredContainer(
        schema, id, name, spec, idBase, archive, image, createdAt, next, startedAt, exit, why,
        bootId);
  }

  /** The same, running since now. */
  public StoredContainer started(Instant now, String boot) {
    return new StoredContainer(
        schema,
        id,
        name,
        spec,
        idBase,
        archive,
        image,
        createdAt,
        ContainerStatus.Phase.RUNNING,
        Optional.of(now),
        Optional.empty(),
        Optional.empty(),
        boot);
  }

  /** The same, ended. */
  public StoredContainer ended(ExitStatus how) {
    return new StoredContainer(
        schema,
        id,
        name,
        spec,
        idBase,
        archive,
        image,
        createdAt,
        ContainerStatus.Phase.EXITED,
        startedAt,
        Optional.of(how),
        error,
        bootId);
  }
}
