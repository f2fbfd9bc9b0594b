package io.kapsel.lxc;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import java.nio.file.Path;
import java.util.Map;

/** A container that was another system's: from now on it is the engine's alone. */
final class Adopted {
  private static final String LABEL = "io.kapsel.adopted";

  private Adopted() {}

  /** Without the configuration that it had: that is not read again. */
  static ContainerSpec unbound(ContainerSpec spec, Path from) {
    return new ContainerSpecBuilder(spec).labels(Map.of(LABEL, from.toString())).build();
  }
}
