package io.kapsel.image.debian;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.image.Pins;
import io.kapsel.image.archive.NewLayer;
import io.kapsel.image.archive.TreeArchive;
import io.kapsel.image.tar.Extractor;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.Manifest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Reference;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes an image of one layer from a directory, which becomes the unpacked layer. */
final class ImagePacking {
  private static final int BUFFER = 1 << 17;

  private final ImageStore store;
  private final Path root;
  private final Instant created;

  ImagePacking(ImageStore store, Path root, Instant created) {
    this.store = store;
    this.root = root;
    this.created = created;
  }

  /**
   * Puts the image into the store, under a name.
   *
   * @return the digest of its configuration
   */
  Digest pack(
      Reference name, String architecture, ImageConfig.Execution execution, String history) {
    try (Pins pins = store.pins();
        Fd tree = Open.path(root.toString(), OpenFlags.DIRECTORY)) {
      NewLayer packed = NewLayer.write(store.blobs(), out -> write(tree, out));
      pins.add(packed.descriptor().id());
      pins.add(packed.diffId());
      store.layers().make(packed.diffId(), target -> move(tree, target));
      Descriptor config = config(packed.diffId(), architecture, execution, history);
      pins.add(config.id());
      byte[] manifest = Json.write(Manifest.of(config, List.of(packed.descriptor())));
      Descriptor target = store.blobs().put(MediaTypes.MANIFEST, manifest);
      pins.add(target.id());
      store.name(name, target, Optional.empty());
      return config.id();
    } catch (IOException | SyscallException e) {
      throw new ImageException.Failed(
          "cannot keep '%s': %s"
              .formatted(
                  name.familiar(),
                  e instanceof IOException io ? AtomicFile.reason(io) : e.getMessage()),
          e);
    }
  }

  private static void write(Fd tree, OutputStream out) throws IOException {
    TreeArchive.merged(List.of(tree), new BufferedOutputStream(out, BUFFER));
  }

  private static Extractor.Extracted move(Fd tree, Fd target) {
    Extractor.Extracted size = size(tree);
    for (Entries.Entry each : Entries.list(tree)) {
      Entries.rename(tree, each.name(), target, each.name());
    }
    return size;
  }

  private static Extractor.Extracted size(Fd directory) {
    long bytes = 0;
    int entries = 0;
    for (Entries.Entry each : Entries.list(directory)) {
      entries++;
      if (each.type() == FileType.DIRECTORY) {
        try (Fd inner = Open.directory(directory, each.name())) {
          Extractor.Extracted below = size(inner);
          bytes += below.bytes();
          entries += below.entries();
        }
      } else if (each.type() == FileType.REGULAR) {
        bytes += Attributes.status(directory, each.name()).size();
      }
    }
    return new Extractor.Extracted(bytes, entries, false);
  }

  private Descriptor config(
      Digest diffId, String architecture, ImageConfig.Execution execution, String history) {
    ImageConfig config =
        new ImageConfig(
            Optional.of(created.toString()),
            Optional.empty(),
            architecture,
            "linux",
            Optional.empty(),
            Optional.empty(),
            Optional.of(execution),
            new ImageConfig.RootFs("layers", List.of(diffId.toString())),
            List.of(
                new ImageConfig.History(
                    Optional.of(created.toString()),
                    Optional.of(history),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty())));
    return store.blobs().put(MediaTypes.CONFIG, Json.write(config));
  }

  /** What runs by default. */
  static ImageConfig.Execution execution(DebianRequest.Variant variant) {
    ImageConfig.Execution empty = ImageConfig.Execution.EMPTY;
    boolean system = variant == DebianRequest.Variant.SYSTEM;
    return new ImageConfig.Execution(
        empty.user(),
        empty.exposedPorts(),
        List.of("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        empty.entrypoint(),
        List.of(system ? "/sbin/init" : "bash"),
        empty.volumes(),
        empty.workingDir(),
        Map.of(),
        system ? Optional.of("SIGRTMIN+3") : Optional.empty(),
        empty.healthcheck(),
        empty.shell(),
        empty.onBuild());
  }
}
