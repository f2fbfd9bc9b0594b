package io.kapsel.engine;

/**
 * What goes along with the life of containers, whoever starts and ends them: a front that has a say
 * in that, as LXC's hooks have.
 */
public interface Companion {
  /** Before a start, also one that a reboot asks for; what is thrown here prevents it. */
  default void starting(Container container) {}

  /** Its network is made, and its program does not run yet; what is thrown here prevents that. */
  default void joined(Container container) {}

  /** Its program runs; what is thrown here ends it. */
  default void started(Container container) {}

  /**
   * It has ended. Nobody waits for this.
   *
   * @param again whether it starts anew by itself
   */
  default void ended(Container container, boolean again) {}
}
