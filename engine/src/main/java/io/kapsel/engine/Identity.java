package io.kapsel.engine;

import io.kapsel.base.HexId;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.Owners;
import java.util.Optional;

/**
 * Who a container is on this host.
 *
 * @param name what users call it; absent: it is none that they know
 * @param idBase the first of its 65,536 host ids; absent: it has the host's own ids
 */
record Identity(String id, Optional<String> name, Optional<Long> idBase) {
  /** How many ids a container has. */
  public static final long ID_COUNT = Owners.INSIDE;

  private static final int SHORT = 12;

  /** Without a name yet. */
  Identity(String id, Optional<Long> idBase) {
    this(id, Optional.empty(), idBase);
  }

  /** What it is called in messages. */
  String reference(ContainerSpec spec) {
    return name.or(spec::name).orElseGet(() -> HexId.abbreviate(id));
  }

  /** The name that the container has for itself. */
  String hostname(ContainerSpec spec) {
    return spec.hostname().orElse(id.substring(0, SHORT));
  }
}
