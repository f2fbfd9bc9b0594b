package io.kapsel.runtime;

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
  record Overlay(List<Path> lowers, Path layer, boolean ephemeral) implements RootFilesystem {
    /** A layer that is kept. */
    public Overlay(List<Path> lowers, Path layer) {
      this(lowers, layer, false);
    }

    /** Copies the list. */
    public Overlay {
      lowers = List.copyOf(lowers);
    }

    /** An empty directory, at which programs of the host find the root while it is made. */
    public Path place() {
      return layer.resolve("rootfs");
    }
  }

  /** A directory as it is. */
  record Directory(Path path) implements RootFilesystem {}
}
