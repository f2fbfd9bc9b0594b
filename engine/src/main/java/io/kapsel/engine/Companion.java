package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.oci.Spec;
import java.nio.file.Path;

/**
 * What goes along with the life of containers, whoever starts and ends them: a front that has a say
 * in that, as LXC's hooks have.
 */
public interface Companion {
  /** Whether it adds something to the configuration of such a container. */
  default boolean amends(ContainerSpec spec) {
    return false;
  }

  /**
   * A configuration with what it adds.
   *
   * @param root where hooks that are programs of the host find the container's root
   */
  default Spec amended(ContainerSpec spec, Path root, Spec configuration) {
    return configuration;
  }

  /** It is there already when this begins to go along: another engine may have started it. */
  default void found(Container container) {}

  /** Before a start, also one that a reboot asks for; what is thrown here prevents it. */
  default void starting(Container container) {}

  /**
   * Its network is made, and its program does not run yet; what is thrown here prevents that. Only
   * containers are meant whose configuration somebody amends.
   *
   * @param pid the process that will be its program
   */
  default void joined(Container container, int pid) {}

  /** Its program runs; what is thrown here ends it. */
  default void started(Container container) {}

  /**
   * It has ended. Nobody waits for this.
   *
   * @param again whether it starts anew by itself
   */
  default void ended(Container container, boolean again) {}
}
