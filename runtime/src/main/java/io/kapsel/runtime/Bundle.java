package io.kapsel.runtime;

import io.kapsel.linux.seccomp.SeccompProfile;
import io.kapsel.oci.Spec;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a container is made of.
 *
 * @param id names its control groups
 * @param seccomp the filter, if any
 * @param init whether a small init is pid 1
 * @param privileged whether every device may be opened
 * @param runDirectory has {@code control.sock} and {@code exit}
 * @param logDirectory has {@code log} and {@code log.1}
 * @param logLimitBytes of one file, 0: none
 */
public record Bundle(
    String id,
    Spec spec,
    RootFilesystem root,
    Optional<SeccompProfile> seccomp,
    boolean init,
    boolean privileged,
    Stdio stdio,
    Path runDirectory,
    Path logDirectory,
    long logLimitBytes) {}
