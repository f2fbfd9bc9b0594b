package io.kapsel.oci;

import io.kapsel.base.Json;
import java.util.List;
import java.util.Optional;

/**
 * What an agent is told that answers system calls (runtime-spec, config-linux.md, "The Container
 * Process State").
 *
 * @param fds what the descriptors are that come with it
 * @param pid of the process, as the runtime sees it
 */
public record ContainerProcessState(
    String ociVersion, List<String> fds, int pid, Optional<String> metadata, State state) {
  /** Copies the list. */
  public ContainerProcessState {
    fds = List.copyOf(fds);
  }

  /** The JSON document. */
  public byte[] toJson() {
    return Json.write(this);
  }
}
