package io.kapsel.oci;

import java.util.Locale;
import java.util.Optional;

/** A namespace that the container gets, or joins when there is a path. */
public record Namespace(Type type, Optional<String> path) {
  /** Checks the path; an empty one is as if absent. */
  public Namespace {
    path = path.filter(text -> !text.isEmpty());
    path.ifPresent(text -> Check.absolute("linux.namespaces[].path", text));
  }

  /** A new namespace of a kind. */
  public static Namespace own(Type type) {
    return new Namespace(type, Optional.empty());
  }

  /** The kinds of namespaces; see namespaces(7). */
  public enum Type {
    /** Process ids. */
    PID,
    /** Devices, addresses, ports. */
    NETWORK,
    /** The mount table. */
    MOUNT,
    /** System V IPC and POSIX message queues. */
    IPC,
    /** The host name. */
    UTS,
    /** Users, groups and capabilities. */
    USER,
    /** The root of the control groups. */
    CGROUP,
    /** Offsets of the monotonic clocks. */
    TIME;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
