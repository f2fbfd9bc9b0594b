package io.kapsel.image.debian;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.image.Blobs;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.image.Pins;
import io.kapsel.image.tar.Extractor;
import io.kapsel.image.tar.TarWriter;
import io.kapsel.image.tar.TreeArchive;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Entries;
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
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

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

  /** What the layer's archive has come to. */
  private record Packed(Descriptor blob, Digest diffId, Extractor.Extracted tree) {}

  /**
   * Puts the image into the store, under a name.
   *
   * @return the digest of its configuration
   */
  Digest pack(
      Reference name, String architecture, ImageConfig.Execution execution, String history) {
    try (Pins pins = store.pins();
        Fd tree = Open.path(root.toString(), OpenFlags.DIRECTORY)) {
      Packed packed = archive(tree);
      pins.add(packed.blob().id());
      pins.add(packed.diffId());
      store.layers().make(packed.diffId(), target -> move(tree, target, packed.tree()));
      Descriptor config = config(packed.diffId(), architecture, execution, history);
      pins.add(config.id());
      byte[] manifest = Json.write(Manifest.of(config, List.of(packed.blob())));
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

  /** gzip at its fastest: every other engine reads it. */
  private Packed archive(Fd tree) throws IOException {
    MessageDigest plain = Digest.Algorithm.SHA256.start();
    MessageDigest whole = Digest.Algorithm.SHA256.start();
    try (Blobs.Part part = store.blobs().fresh()) {
      boolean kept = false;
      try {
        // Not closed but finished: the part is still to be flushed and named.
        GZIPOutputStream gzip = new FastGzip(new DigestOutputStream(part.append(), whole));
        TarWriter tar =
            new TarWriter(new BufferedOutputStream(new DigestOutputStream(gzip, plain), BUFFER));
        Extractor.Extracted written = TreeArchive.write(tree, tar);
        gzip.finish();
        Digest blob = Digest.finish(Digest.Algorithm.SHA256, whole);
        Digest diffId = Digest.finish(Digest.Algorithm.SHA256, plain);
        long size = part.size();
        part.keep(blob);
        kept = true;
        return new Packed(Descriptor.of(MediaTypes.LAYER_GZIP, blob, size), diffId, written);
      } finally {
        if (!kept) {
          part.discard();
        }
      }
    }
  }

  private static final class FastGzip extends GZIPOutputStream {
    FastGzip(OutputStream out) throws IOException {
      super(out, BUFFER);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }

  private static Extractor.Extracted move(Fd tree, Fd target, Extractor.Extracted written) {
    for (Entries.Entry each : Entries.list(tree)) {
      Entries.rename(tree, each.name(), target, each.name());
    }
    return written;
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
