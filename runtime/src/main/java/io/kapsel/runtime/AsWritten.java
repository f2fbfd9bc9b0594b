package io.kapsel.runtime;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What belongs to a configuration that is obeyed word for word.
 *
 * @param directory of the bundle, from which relative paths start
 * @param cgroup where the control groups are
 * @param newKeyring whether the program gets a session keyring of its own, or keeps the caller's
 * @param scope the unit of systemd that its control group belongs to, if systemd makes it
 */
public record AsWritten(
    Path directory, CgroupPlace cgroup, boolean newKeyring, Optional<Scope> scope) {
  /** One whose control groups nobody else makes. */
  public AsWritten(Path directory, CgroupPlace cgroup, boolean newKeyring) {
    this(directory, cgroup, newKeyring, Optional.empty());
  }
}
