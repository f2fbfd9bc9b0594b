package io.kapsel.runtime;

import io.kapsel.oci.IdMapping;
import java.nio.file.Path;
import java.util.List;

/** Where a container's root file system comes from. */
public sealed interface RootFilesystem {
  /**
   * Read-only directories under a private one; overlayfs.
   *
   * @param lowers the upper ones first
   * @param layer has the directories {@code upper} and {@code work}
   * @param ephemeral whether the layer is removed with the container, and used only once: then
   *     nothing of it is ever written to the disk for safety's sake
   */
  record Overlay(List<Lower> lowers, Path layer, boolean ephemeral) implements RootFilesystem {
    /** Copies the list. */
    public Overlay {
      lowers = List.copyOf(lowers);
    }

    /** An empty directory, at which programs of the host find the root while it is made. */
    public Path place() {
      return layer.resolve("rootfs");
    }
  }

  /**
   * One of the read-only directories.
   *
   * @param uidMappings how its owners are shown: {@code containerId} as they are on the disk,
   *     {@code hostId} as the host's kernel sees them in the mount. Without: ids on the disk are
   *     the container's own
   */
  record Lower(Path path, List<IdMapping> uidMappings, List<IdMapping> gidMappings) {
    /** With the container's own ids. */
    public Lower(Path path) {
      this(path, List.of(), List.of());
    }

    /** Copies the lists. */
    public Lower {
      uidMappings = List.copyOf(uidMappings);
      gidMappings = List.copyOf(gidMappings);
    }
  }

  /** A directory as it is. */
  record Directory(Path path) implements RootFilesystem {}
}
