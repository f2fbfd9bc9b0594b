package io.kapsel.image.registry;

import io.kapsel.base.Json;
import io.kapsel.image.tar.TarEntry;
import io.kapsel.image.tar.TarWriter;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Manifest;
import io.kapsel.oci.image.MediaTypes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;

/** An image of one layer, which does not compress well so that its parts can be told apart. */
final class SmallImage {
  final byte[] layer;
  final byte[] config;
  final byte[] manifest;
  final Descriptor layerDescriptor;

  SmallImage(int size) throws IOException {
    byte[] content = new byte[size];
    new SplittableRandom(1).nextBytes(content);
    ByteArrayOutputStream tar = new ByteArrayOutputStream();
    try (TarWriter writer = new TarWriter(tar)) {
      writer.file(
          new TarEntry(
              TarEntry.Type.FILE,
              "f",
              "",
              0644,
              0,
              0,
              size,
              Instant.EPOCH,
              0,
              0,
              Map.of(),
              List.of()),
          content);
      writer.finish();
    }
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(tar.toByteArray());
    }
    layer = packed.toByteArray();
    layerDescriptor = Descriptor.of(MediaTypes.LAYER_GZIP, layer);
    config =
        ("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\""
                + Digest.of(tar.toByteArray())
                + "\"]}}")
            .getBytes(StandardCharsets.UTF_8);
    manifest =
        Json.write(Manifest.of(Descriptor.of(MediaTypes.CONFIG, config), List.of(layerDescriptor)));
  }

  String layerPath() {
    return "/v2/a/blobs/" + layerDescriptor.digest();
  }

  /** Lets a registry serve it as {@code a:1}. */
  void serve(LoopbackRegistry registry) {
    registry.on("/v2/a/manifests/1", LoopbackRegistry.bytes(MediaTypes.MANIFEST, manifest));
    registry.on("/v2/a/blobs/" + Digest.of(config), LoopbackRegistry.bytes("text/plain", config));
    registry.on(layerPath(), LoopbackRegistry.bytes("application/octet-stream", layer));
  }
}
