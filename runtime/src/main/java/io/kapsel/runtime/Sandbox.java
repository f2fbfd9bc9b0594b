package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.runtime.plan.EncodedSegment;

/**
 * Namespaces, control groups and private file systems that were made ahead, or are being made, and
 * wait for a root and a program. Whoever does not use it closes it.
 */
public final class Sandbox implements AutoCloseable {
  private final String id;
  private final Control control;
  private final Launch launch;
  private final EncodedSegment segment;
  private int pid;

  Sandbox(String id, Control control, Launch launch, EncodedSegment segment) {
    this.id = id;
    this.control = control;
    this.launch = launch;
    this.segment = segment;
  }

  /** The id of the container that it can become. */
  public String id() {
    return id;
  }

  /** The pid of its first process; waits until that is made. */
  public int pid() {
    if (pid == 0) {
      pid = launch.awaitDone();
    }
    return pid;
  }

  /** Whether a container that begins with this segment can be made in it. */
  boolean fits(EncodedSegment wanted) {
    return segment == wanted || segment.sameAs(wanted);
  }

  /** The launch pauses for hooks, by this end of a channel. */
  public void pausing(Fd channel) {
    launch.entering(channel);
  }

  Control control() {
    return control;
  }

  Launch launch() {
    return launch;
  }

  /** Its launcher ends, and with it everything in it; the control groups are the runtime's. */
  @Override
  public void close() {
    control.close();
  }
}
