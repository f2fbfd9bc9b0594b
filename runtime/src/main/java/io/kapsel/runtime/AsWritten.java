package io.kapsel.runtime;

import java.nio.file.Path;

/**
 * What belongs to a configuration that is obeyed word for word.
 *
 * @param directory of the bundle, from which relative paths start
 * @param cgroup where the control groups are
 * @param newKeyring whether the program gets a session keyring of its own, or keeps the caller's
 */
public record AsWritten(Path directory, CgroupPlace cgroup, boolean newKeyring) {}
