package io.kapsel.runtime;

import io.kapsel.linux.seccomp.SeccompProfile;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Root;
import io.kapsel.oci.Spec;
import java.nio.file.InvalidPathException;
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
 * @param asWritten whether the configuration is obeyed word for word, as by a runtime that others
 *     call, and where; else it is one of the engine's, which all have the same shape
 * @param system whether an init of its own runs in it, to which its control group belongs
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
    long logLimitBytes,
    Optional<AsWritten> asWritten,
    boolean system) {
  /**
   * Option of a bind mount: what is shown is what this leads to below the source, and no link there
   * leads out of it. The engine writes it; in the bundles of others it is an unknown option.
   */
  public static final String PART = "x-kapsel.part=";

  /**
   * Option of a bind mount of a directory: what is written goes to a layer above the source, in the
   * directories {@code upper} and {@code work} of this one. It is the engine's, too.
   */
  public static final String LAYER = "x-kapsel.layer=";

  /**
   * One that is obeyed word for word, with the root and the filter that its configuration names.
   *
   * @param runDirectory where socket, exit record and log are
   */
  public static Bundle written(
      String id,
      Spec spec,
      AsWritten asWritten,
      Stdio stdio,
      Path runDirectory,
      long logLimitBytes) {
    Path root = root(asWritten, spec);
    return new Bundle(
        id,
        WrittenEnvironment.complete(spec, root),
        new RootFilesystem.Directory(root),
        spec.linux().flatMap(Linux::seccomp).map(WrittenSeccomp::profile),
        false,
        false,
        stdio,
        runDirectory,
        runDirectory,
        logLimitBytes,
        Optional.of(asWritten),
        false);
  }

  /** The same with another configuration. */
  public Bundle with(Spec other) {
    return new Bundle(
        id,
        other,
        root,
        seccomp,
        init,
        privileged,
        stdio,
        runDirectory,
        logDirectory,
        logLimitBytes,
        asWritten,
        system);
  }

  private static Path root(AsWritten asWritten, Spec spec) {
    try {
      return asWritten
          .directory()
          .resolve(spec.root().map(Root::path).orElse("rootfs"))
          .normalize();
    } catch (InvalidPathException e) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED, "'root.path' is no path: " + e.getReason());
    }
  }

  /** One of the engine's. */
  public Bundle(
      String id,
      Spec spec,
      RootFilesystem root,
      Optional<SeccompProfile> seccomp,
      boolean init,
      boolean privileged,
      Stdio stdio,
      Path runDirectory,
      Path logDirectory,
      long logLimitBytes) {
    this(
        id,
        spec,
        root,
        seccomp,
        init,
        privileged,
        stdio,
        runDirectory,
        logDirectory,
        logLimitBytes,
        Optional.empty(),
        false);
  }

  /** The same with an init of its own. */
  public Bundle asSystem() {
    return new Bundle(
        id,
        spec,
        root,
        seccomp,
        init,
        privileged,
        stdio,
        runDirectory,
        logDirectory,
        logLimitBytes,
        asWritten,
        true);
  }
}
