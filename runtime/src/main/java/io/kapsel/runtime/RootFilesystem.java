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
   */
  record Overlay(List<Path> lowers, Path layer) implements RootFilesystem {
    /** Copies the list. */
    public Overlay {
      lowers = List.copyOf(lowers);
    }
  }

  /** A directory as it is. */
  record Directory(Path path) implements RootFilesystem {}
}
