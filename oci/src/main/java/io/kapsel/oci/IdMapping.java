package io.kapsel.oci;

import io.kapsel.base.JsonName;

/** A range of ids of a container and where it begins on the host. */
public record IdMapping(
    @JsonName("containerID") long containerId, @JsonName("hostID") long hostId, long size) {
  /** Checks the range. */
  public IdMapping {
    Check.id("linux.uidMappings[].containerID", containerId);
    Check.id("linux.uidMappings[].hostID", hostId);
    Check.that(size > 0, "linux.uidMappings[].size", size, "is not positive");
    Check.id("linux.uidMappings[].size", containerId + size - 1);
    Check.id("linux.uidMappings[].size", hostId + size - 1);
  }
}
