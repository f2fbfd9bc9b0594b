package io.kapsel.image.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.image.Image;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.image.Pins;
import io.kapsel.image.tar.TarEntry;
import io.kapsel.image.tar.TarWriter;
import io.kapsel.image.tar.Unpacking;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Platform;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Row I15: archives of images, as others write them and as an attacker would. Needs root. */
class ArchiveReaderIT {
  @TempDir Path state;
  private ImageStore store;
  private byte[] layer;
  private String config;

  @BeforeEach
  void open() throws IOException {
    store = ImageStore.open(state);
    layer = tar(Map.of("etc/x", "y".getBytes(StandardCharsets.UTF_8)), Map.of());
    config =
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\""
            + Digest.of(layer)
            + "\"]}}";
  }

  private static byte[] tar(Map<String, byte[]> files, Map<String, String> links)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (TarWriter tar = new TarWriter(out)) {
      for (var each : links.entrySet()) {
        tar.begin(entry(TarEntry.Type.SYMLINK, each.getKey(), each.getValue(), 0));
      }
      for (var each : files.entrySet()) {
        tar.file(
            entry(TarEntry.Type.FILE, each.getKey(), "", each.getValue().length), each.getValue());
      }
      tar.finish();
    }
    return out.toByteArray();
  }

  private static TarEntry entry(TarEntry.Type type, String name, String link, long size) {
    return new TarEntry(
        type, name, link, 0644, 0, 0, size, Instant.EPOCH, 0, 0, Map.of(), List.of());
  }

  private List<Image> load(Map<String, Object> files, Map<String, String> links)
      throws IOException {
    return load(Optional.empty(), files, links);
  }

  private List<Image> load(
      Optional<Platform> platform, Map<String, Object> files, Map<String, String> links)
      throws IOException {
    Map<String, byte[]> bytes = new LinkedHashMap<>();
    files.forEach((name, value) ->
        bytes.put(
            name,
            value instanceof byte[] raw ? raw : value.toString().getBytes(StandardCharsets.UTF_8)));
    return ArchiveReader.read(store, platform, new ByteArrayInputStream(tar(bytes, links)));
  }

  private Map<String, Object> older(String config, String layers) {
    Map<String, Object> files = new LinkedHashMap<>();
    files.put("c.json", this.config);
    files.put("1/layer.tar", layer);
    files.put(
        "manifest.json",
        "[{\"Config\":\"" + config + "\",\"RepoTags\":[\"app:1\"],\"Layers\":[" + layers + "]}]");
    return files;
  }

  @Test
  void theOlderFormIsReadAlsoWithItsLinks() throws IOException {
    List<Image> loaded =
        load(older("c.json", "\"2/layer.tar\""), Map.of("2/layer.tar", "../1/layer.tar"));

    assertThat(loaded)
        .singleElement()
        .satisfies(image -> assertThat(image.shown()).isEqualTo("app:1"));
    assertThat(store.layers().path(Digest.of(layer)).resolve("etc/x")).hasContent("y");
  }

  @Test
  void whatIsSavedIsLoadedAndSavedAgainTheSame() throws IOException {
    Image image = load(older("c.json", "\"1/layer.tar\""), Map.of()).getFirst();
    ByteArrayOutputStream first = new ByteArrayOutputStream();
    ArchiveWriter.write(store, Map.of(image, image.names()), first);
    store.forget(image.descriptor().id());
    store.collect(java.util.Set::of);

    Image again =
        ArchiveReader.read(store, Optional.empty(), new ByteArrayInputStream(first.toByteArray()))
            .getFirst();
    ByteArrayOutputStream second = new ByteArrayOutputStream();
    ArchiveWriter.write(store, Map.of(again, again.names()), second);

    assertThat(again.names()).isEqualTo(image.names());
    assertThat(second.toByteArray()).isEqualTo(first.toByteArray());
  }

  @Test
  void namesNeverLeadToFilesOfTheHost() {
    for (String bad : List.of("../../etc/hostname", "/etc/hostname", "c2.json", "")) {
      assertThatThrownBy(() -> load(older(bad, "\"1/layer.tar\""), Map.of()))
          .as(bad)
          .isInstanceOf(ImageException.class);
      assertThatThrownBy(() -> load(older("c.json", "\"" + bad + "\""), Map.of()))
          .as(bad)
          .isInstanceOf(ImageException.class);
    }
    for (String link : List.of("/etc/shadow", "../../../etc/shadow", "2/layer.tar")) {
      assertThatThrownBy(
              () -> load(older("c.json", "\"2/layer.tar\""), Map.of("2/layer.tar", link)))
          .as(link)
          .isInstanceOf(ImageException.class);
    }
    assertThat(store.images()).isEmpty();
  }

  @Test
  void aBlobThatIsAnotherIsRefused() {
    Map<String, Object> files = new LinkedHashMap<>();
    files.put("blobs/sha256/" + "0".repeat(64), "something else");
    files.put("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
    files.put("index.json", "{\"schemaVersion\":2,\"manifests\":[]}");
    assertThatThrownBy(() -> load(files, Map.of()))
        .hasMessageContaining("does not have that digest");
  }

  @Test
  void whatHoldsNoImageIsSaidSo() {
    assertThatThrownBy(() -> load(Map.of("hello", "x"), Map.of()))
        .hasMessageContaining("holds no image");
    assertThatThrownBy(() ->
            ArchiveReader.read(
                store,
                Optional.empty(),
                new ByteArrayInputStream("no tar".repeat(200).getBytes(StandardCharsets.UTF_8))))
        .isInstanceOf(ImageException.class);
  }

  @Test
  void twoImagesWithOneNameAreRefused() {
    Map<String, Object> files = older("c.json", "\"1/layer.tar\"");
    String other = config.replace("amd64\"", "amd64\",\"author\":\"b\"");
    files.put("d.json", other);
    String one = "{\"Config\":\"%s\",\"RepoTags\":[\"app:1\"],\"Layers\":[\"1/layer.tar\"]}";
    files.put("manifest.json", "[" + one.formatted("c.json") + "," + one.formatted("d.json") + "]");

    assertThatThrownBy(() -> load(files, Map.of())).hasMessageContaining("two images");
  }

  private Map<String, Object> layout(String manifests, byte[]... blobs) {
    Map<String, Object> files = new LinkedHashMap<>();
    for (byte[] each : blobs) {
      files.put("blobs/sha256/" + Digest.of(each).hex(), each);
    }
    files.put("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
    files.put("index.json", "{\"schemaVersion\":2,\"manifests\":[" + manifests + "]}");
    return files;
  }

  private static String described(String type, byte[] bytes, String more) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d%s}"
        .formatted(type, Digest.of(bytes), bytes.length, more);
  }

  /** As Docker writes since 25: a layout, with the older list beside it. */
  @Test
  void theNewerFormOfDockerIsRead() throws IOException {
    byte[] about = config.getBytes(StandardCharsets.UTF_8);
    byte[] manifest =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]}"
            .formatted(
                MediaTypes.MANIFEST,
                described(MediaTypes.CONFIG, about, ""),
                described(MediaTypes.LAYER, layer, ""))
            .getBytes(StandardCharsets.UTF_8);
    String names =
        ",\"annotations\":{\"io.containerd.image.name\":\"docker.io/library/app:1\","
            + "\"org.opencontainers.image.ref.name\":\"1\"}";
    Map<String, Object> files =
        layout(described(MediaTypes.MANIFEST, manifest, names), about, layer, manifest);
    String path = "blobs/sha256/" + Digest.of(layer).hex();
    files.put(
        "manifest.json",
        "[{\"Config\":\"blobs/sha256/%s\",\"RepoTags\":[\"app:1\"],\"Layers\":[\"%s\"],\"LayerSources\":{\"%s\":%s}}]"
            .formatted(
                Digest.of(about).hex(),
                path,
                Digest.of(layer),
                described(MediaTypes.LAYER, layer, "")));

    assertThat(load(files, Map.of()))
        .singleElement()
        .hasToString(store.find("app:1").get().toString());
    assertThat(store.layers().path(Digest.of(layer)).resolve("etc/x")).hasContent("y");
  }

  @Test
  void anIndexKeepsItsNameAndGoesWithIt() throws IOException {
    byte[] about = config.getBytes(StandardCharsets.UTF_8);
    byte[] manifest =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]}"
            .formatted(
                MediaTypes.MANIFEST,
                described(MediaTypes.CONFIG, about, ""),
                described(MediaTypes.LAYER, layer, ""))
            .getBytes(StandardCharsets.UTF_8);
    String platform = ",\"platform\":{\"architecture\":\"%s\",\"os\":\"linux\"}";
    byte[] index =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s,%s]}"
            .formatted(
                MediaTypes.INDEX,
                described(MediaTypes.MANIFEST, manifest, platform.formatted("amd64")),
                described(MediaTypes.MANIFEST, new byte[1], platform.formatted("s390x")))
            .getBytes(StandardCharsets.UTF_8);
    String name = ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"app:1\"}";
    Map<String, Object> files =
        layout(described(MediaTypes.INDEX, index, name), about, layer, manifest, index);

    Image loaded = load(files, Map.of()).getFirst();

    assertThat(loaded.shown()).isEqualTo("app:1");
    assertThat(store.target(loaded).id()).isEqualTo(Digest.of(index));
    assertThat(store.images()).hasSize(1);
    store.forget(loaded);
    assertThat(store.images()).isEmpty();
    assertThat(store.collect(java.util.Set::of)).isPositive();
  }

  @Test
  void layersArePackedAnewAndStayTheSame() throws IOException {
    Image image = load(older("c.json", "\"1/layer.tar\""), Map.of()).getFirst();
    for (MediaTypes.Compression each : MediaTypes.Compression.values()) {
      try (Pins pins = store.pins()) {
        Image packed = Repacking.of(store, image, each, pins);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ArchiveWriter.write(store, Map.of(packed, image.names()), out);

        assertThat(packed.id()).isEqualTo(image.id());
        String type = packed.manifest().layers().getFirst().mediaType();
        assertThat(MediaTypes.compression(type)).contains(each);
        Image again =
            ArchiveReader.read(store, Optional.empty(), new ByteArrayInputStream(out.toByteArray()))
                .getFirst();
        assertThat(again.descriptor().id()).isEqualTo(packed.descriptor().id());
        try (var plain =
            Unpacking.of(store.blobs().open(again.manifest().layers().getFirst().id()))) {
          assertThat(plain.readAllBytes()).isEqualTo(layer);
        }
      }
    }
  }

  @Test
  void whatCannotBeUnpackedIsNotKept() {
    Map<String, Object> files = older("c.json", "\"1/layer.tar\"");
    files.put("1/layer.tar", "no archive");

    assertThatThrownBy(() -> load(files, Map.of())).isInstanceOf(ImageException.class);
    assertThat(store.images()).isEmpty();
  }

  @Test
  void onlyThePlatformThatIsAskedForIsTakenOfAnIndex() throws IOException {
    List<byte[]> blobs = new ArrayList<>(List.of(layer));
    List<String> entries = new ArrayList<>();
    for (String each : List.of("amd64", "arm64")) {
      byte[] about = config.replace("amd64", each).getBytes(StandardCharsets.UTF_8);
      byte[] manifest =
          "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}"
              .formatted(
                  described(MediaTypes.CONFIG, about, ""), described(MediaTypes.LAYER, layer, ""))
              .getBytes(StandardCharsets.UTF_8);
      blobs.addAll(List.of(about, manifest));
      entries.add(
          described(
              MediaTypes.MANIFEST,
              manifest,
              ",\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}".formatted(each)));
    }
    byte[] index =
        "{\"schemaVersion\":2,\"manifests\":[%s]}"
            .formatted(String.join(",", entries))
            .getBytes(StandardCharsets.UTF_8);
    blobs.add(index);
    String name = ",\"annotations\":{\"io.containerd.image.name\":\"docker.io/library/app:1\"}";
    Map<String, Object> files =
        layout(described(MediaTypes.INDEX, index, name), blobs.toArray(byte[][]::new));

    Optional<Platform> none = Optional.of(Platform.parse("linux/s390x"));
    assertThatThrownBy(() -> load(none, files, Map.of()))
        .hasMessageContaining("it holds no image for linux/s390x");
    Optional<Platform> arm = Optional.of(Platform.parse("linux/arm64"));
    Image loaded = load(arm, files, Map.of()).getFirst();

    assertThat(loaded.shown()).isEqualTo("app:1");
    assertThat(loaded.config().platform()).isEqualTo(arm.get());
    assertThat(store.target(loaded)).isEqualTo(loaded.descriptor());
  }
}
