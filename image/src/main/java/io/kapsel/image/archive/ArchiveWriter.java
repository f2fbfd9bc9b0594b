package io.kapsel.image.archive;

import io.kapsel.base.Json;
import io.kapsel.base.JsonName;
import io.kapsel.image.Image;
import io.kapsel.image.ImageStore;
import io.kapsel.image.tar.TarEntry;
import io.kapsel.image.tar.TarWriter;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Index;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Images as one archive that every engine reads: an OCI layout (image-spec, image-layout.md) which
 * has the {@code manifest.json} of {@code docker save} as well. The same images give the same
 * bytes.
 */
public final class ArchiveWriter {
  static final String CONTAINERD_NAME = "io.containerd.image.name";
  static final String REF_NAME = "org.opencontainers.image.ref.name";

  /** An entry of {@code manifest.json}. */
  record DockerEntry(
      @JsonName("Config") String config,
      @JsonName("RepoTags") List<String> repoTags,
      @JsonName("Layers") List<String> layers) {}

  private final ImageStore store;
  private final TarWriter tar;

  private ArchiveWriter(ImageStore store, TarWriter tar) {
    this.store = store;
    this.tar = tar;
  }

  /** Writes images, each with the names that were asked for. */
  public static void write(ImageStore store, Map<Image, List<Reference>> images, OutputStream out)
      throws IOException {
    try (TarWriter tar = new TarWriter(out)) {
      new ArchiveWriter(store, tar).write(images);
    }
  }

  private void write(Map<Image, List<Reference>> images) throws IOException {
    Map<String, Digest> blobs = new TreeMap<>();
    List<Descriptor> index = new ArrayList<>();
    List<String> docker = new ArrayList<>();
    images.forEach((image, names) -> {
      blobs.put(path(image.descriptor().id()), image.descriptor().id());
      blobs.put(path(image.id()), image.id());
      image.manifest().layers().forEach(each -> blobs.put(path(each.id()), each.id()));
      index.addAll(entries(image, names));
      docker.add(
          new String(
              Json.write(
                  new DockerEntry(
                      path(image.id()),
                      names.stream().map(Reference::familiar).toList(),
                      image.manifest().layers().stream().map(each -> path(each.id())).toList())),
              StandardCharsets.UTF_8));
    });
    directory("blobs/");
    directory("blobs/sha256/");
    for (Map.Entry<String, Digest> each : blobs.entrySet()) {
      blob(each.getKey(), each.getValue());
    }
    file("index.json", Json.write(Index.of(index)));
    file("manifest.json", ("[" + String.join(",", docker) + "]").getBytes(StandardCharsets.UTF_8));
    file("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8));
    tar.finish();
  }

  private static List<Descriptor> entries(Image image, List<Reference> names) {
    Descriptor target = image.descriptor().on(image.config().platform());
    if (names.isEmpty()) {
      return List.of(target.annotated(Map.of()));
    }
    return names.stream()
        .map(name -> {
          Map<String, String> annotations = new LinkedHashMap<>();
          annotations.put(CONTAINERD_NAME, name.toString());
          annotations.put(REF_NAME, name.manifestName());
          return target.annotated(annotations);
        })
        .toList();
  }

  private static String path(Digest digest) {
    return "blobs/" + digest.algorithm().label() + "/" + digest.hex();
  }

  private void directory(String name) throws IOException {
    tar.begin(member(TarEntry.Type.DIRECTORY, name, 0755, 0));
  }

  private void file(String name, byte[] content) throws IOException {
    tar.file(member(TarEntry.Type.FILE, name, 0644, content.length), content);
  }

  private void blob(String name, Digest digest) throws IOException {
    long size =
        store
            .blobs()
            .size(digest)
            .orElseThrow(() -> new IOException("'" + digest + "' is missing"));
    tar.begin(member(TarEntry.Type.FILE, name, 0644, size));
    try (InputStream in = store.blobs().open(digest)) {
      byte[] buffer = new byte[1 << 16];
      for (int count; (count = in.read(buffer)) > 0; ) {
        tar.write(buffer, 0, count);
      }
    }
  }

  private static TarEntry member(TarEntry.Type type, String name, int mode, long size) {
    return new TarEntry(type, name, "", mode, 0, 0, size, Instant.EPOCH, 0, 0, Map.of(), List.of());
  }
}
