package io.kapsel.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.base.Json;
import io.kapsel.image.Image;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Index;
import io.kapsel.oci.image.Manifest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Row R11, and what a push leaves in a registry. Needs root. */
class PushIT {
  private static final Limits HASTY =
      new Limits(
          Duration.ofSeconds(10),
          Duration.ofSeconds(2),
          64,
          3,
          Duration.ofMillis(5),
          Duration.ofSeconds(2));
  private static final Credential SECRET = Credential.of("me", "hunter2");

  @TempDir Path state;
  private LoopbackRegistry registry;
  private MemoryRegistry kept;
  private ImageStore store;

  @BeforeEach
  void serve() {
    registry = new LoopbackRegistry();
    kept = new MemoryRegistry(registry);
    store = ImageStore.open(state);
  }

  @AfterEach
  void end() {
    registry.close();
    store.layers().makeDurable();
  }

  private Reference name(String path) {
    return Reference.parse(registry.domain() + "/" + path);
  }

  private Client client(Credentials credentials) throws IOException {
    Path hosts = Files.createDirectories(state.resolve("certs/" + registry.domain()));
    Files.writeString(hosts.resolve("hosts.toml"), "server = \"" + registry.url("") + "\"\n");
    return new Client(
        new Registries(List.of(state.resolve("certs"))), credentials, new Proxies(Map.of()), HASTY);
  }

  private Digest push(String path) throws IOException {
    return new Push(store, client(Credentials.ANONYMOUS), Progress.SILENT).run(name(path));
  }

  /** An image of that many bytes that do not compress, in the store. */
  private Image image(String path, int size, String architecture) throws IOException {
    SmallImage made = new SmallImage(size);
    byte[] config =
        new String(made.config, StandardCharsets.UTF_8)
            .replace("amd64", architecture)
            .getBytes(StandardCharsets.UTF_8);
    store.blobs().put(made.layer);
    store.blobs().put(config);
    byte[] manifest =
        Json.write(
            Manifest.of(Descriptor.of(MediaTypes.CONFIG, config), List.of(made.layerDescriptor)));
    Descriptor target =
        store
            .blobs()
            .put(MediaTypes.MANIFEST, manifest)
            .on(Platform.parse("linux/" + architecture));
    store.name(name(path), target, Optional.empty());
    return store.image(target.id()).orElseThrow();
  }

  @Test
  void whatIsPushedCanBePulledByAnother(@TempDir Path other) throws IOException {
    Image image = image("a:1", 300_000, "amd64");

    assertThat(push("a:1")).isEqualTo(image.descriptor().id());

    ImageStore elsewhere = ImageStore.open(other);
    Image again =
        new Pull(elsewhere, client(Credentials.ANONYMOUS), Progress.SILENT)
            .run(name("a:1"), Platform.parse("linux/amd64"), false)
            .image();
    assertThat(again.id()).isEqualTo(image.id());
    elsewhere.layers().makeDurable();
  }

  @Test
  void whatIsThereIsNotSentAgain() throws IOException {
    image("a:1", 100_000, "amd64");
    push("a:1");
    registry.asked.clear();

    push("a:1");

    assertThat(registry.asked).noneMatch(each -> each.method().equals("POST"));
  }

  @Test
  void largeBlobsGoInPiecesThatFollowEachOther() throws IOException {
    Image image = image("a:1", 40 << 20, "amd64");
    push("a:1");

    Descriptor layer = image.manifest().layers().getFirst();
    assertThat(kept.blobs.get(layer.digest())).hasSize((int) layer.size());
    assertThat(registry.asked)
        .filteredOn(each -> each.method().equals("PATCH"))
        .hasSize(2)
        .allMatch(each -> each.body().length == 16 << 20);
  }

  @Test
  void anIndexBringsAllItsImages() throws IOException {
    Image here = image("a:amd64", 1000, "amd64");
    Image there = image("a:arm64", 2000, "arm64");
    byte[] index = Json.write(Index.of(List.of(here.descriptor(), there.descriptor())));
    store.name(name("a:1"), store.blobs().put(MediaTypes.INDEX, index), Optional.empty());

    assertThat(push("a:1")).isEqualTo(Digest.of(index));

    assertThat(kept.manifests.get("1").bytes()).isEqualTo(index);
    assertThat(kept.manifests)
        .containsKeys(here.descriptor().digest(), there.descriptor().digest());
    assertThat(kept.manifests).doesNotContainKeys("amd64", "arm64");
    assertThat(kept.blobs).containsKeys(here.id().toString(), there.id().toString());
  }

  @Test
  void aMountThatIsALieIsNoticed() throws IOException {
    Image image = image("a:1", 1000, "amd64");
    store.name(name("b:1"), image.descriptor(), Optional.empty());
    kept.lies = true;

    push("b:1");

    assertThat(registry.asked).anyMatch(each -> each.path().contains("mount="));
    assertThat(kept.blobs)
        .containsKeys(image.id().toString(), image.manifest().layers().getFirst().digest());
  }

  @Test
  void anUploadElsewhereDoesNotCarryThePassword() throws IOException {
    Image image = image("a:1", 1000, "amd64");
    try (LoopbackRegistry elsewhere = new LoopbackRegistry()) {
      elsewhere.otherwise((_, out) -> LoopbackRegistry.head(out, 201, "Content-Length: 0"));
      registry.on(
          "/v2/a/blobs/uploads/",
          (asked, out) -> {
            if (asked.header("Authorization").isEmpty()) {
              LoopbackRegistry.head(
                  out, 401, "WWW-Authenticate: Basic realm=\"x\"", "Content-Length: 0");
            } else {
              LoopbackRegistry.head(
                  out, 202, "Location: " + elsewhere.url("/put?x=1"), "Content-Length: 0");
            }
          });
      new Push(store, client(_ -> Optional.of(SECRET)), Progress.SILENT).run(name("a:1"));

      assertThat(image.manifest().layers()).isNotEmpty();
      assertThat(elsewhere.asked)
          .isNotEmpty()
          .allMatch(each -> each.header("Authorization").isEmpty());
    }
  }

  @Test
  void anUploadToAPlaceThatCannotBeIsRefused() throws IOException {
    image("a:1", 1000, "amd64");
    for (String bad :
        List.of("file:///etc/shadow", "", "http://u:p@127.0.0.1/", "ftp://127.0.0.1/x", "//")) {
      registry.on(
          "/v2/a/blobs/uploads/",
          (_, out) -> LoopbackRegistry.head(out, 202, "Location: " + bad, "Content-Length: 0"));
      assertThatThrownBy(() -> push("a:1")).as(bad).isInstanceOf(ImageException.Refused.class);
    }
    assertThat(kept.manifests).isEmpty();
  }

  @Test
  void aRegistryThatTakesOtherBytesIsTold() throws IOException {
    image("a:1", 1000, "amd64");
    registry.otherwise((asked, out) ->
        LoopbackRegistry.head(
            out,
            asked.method().equals("POST") ? 202 : asked.method().equals("PUT") ? 400 : 404,
            "Location: /v2/a/blobs/uploads/1",
            "Content-Length: 0"));
    assertThatThrownBy(() -> push("a:1")).hasMessageContaining("answers 400");
  }
}
