package io.kapsel.runtime;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How a program runs that belongs to somebody else's tree of processes: it keeps the standard
 * streams, and becomes a child of whoever reaps the orphans of the caller.
 *
 * @param kept how many descriptors from number 3 on the program keeps
 * @param detached whether the monitor leaves as soon as the program runs
 * @param barrier the socket at which the program waits to be started, if it is only created
 * @param console the socket to which the terminal's other side is sent, if the monitor keeps none
 */
public record Guest(int kept, boolean detached, Optional<Path> barrier, Optional<String> console) {
  /** Opens what only the caller can: his words for it are understood in his own mount namespace. */
  public interface Host {
    /** Whether pids and users are to the caller what they are to us. */
    boolean sharesIds();

    /**
     * Lets the caller run a launcher of his own.
     *
     * @param program the launcher, sealed
     * @param control its control socket
     * @param kept how many descriptors from number 3 on it passes through
     */
    void launch(io.kapsel.linux.Fd program, io.kapsel.linux.Fd control, int kept);

    /** The caller's environment, each as {@code NAME=value}. */
    default List<String> environment() {
      return List.of();
    }
  }
}
