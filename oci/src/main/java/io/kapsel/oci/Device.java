package io.kapsel.oci;

import java.util.Optional;
import java.util.Set;

/** A device node in the container. */
public record Device(
    String path,
    String type,
    long major,
    long minor,
    Optional<Integer> fileMode,
    Optional<Long> uid,
    Optional<Long> gid) {
  private static final Set<String> TYPES = Set.of("c", "b", "u", "p");

  /** Checks each part. */
  public Device {
    Check.absolute("linux.devices[].path", path);
    Check.that(TYPES.contains(type), "linux.devices[].type", type, "is not one of c, b, u, p");
  }
}
