package io.kapsel.engine;

import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a new container stands on.
 *
 * @param archive the digest of the archive that is its root file system, where that is known
 * @param prepare puts the first files into its own layer
 */
record Ground(
    Optional<StoredImage> image,
    Optional<String> archive,
    Optional<StoredContainer.Saved> saved,
    Consumer<Assembly> prepare) {
  /** Its root alone. */
  static final Ground PLAIN =
      new Ground(Optional.empty(), Optional.empty(), Optional.empty(), Assembly::prepareLayer);

  /** An image. */
  static Ground of(StoredImage image) {
    return new Ground(
        Optional.of(image), Optional.empty(), Optional.empty(), Assembly::prepareLayer);
  }
}
