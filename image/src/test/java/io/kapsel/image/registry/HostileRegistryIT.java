package io.kapsel.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.base.Json;
import io.kapsel.image.ImageException;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Index;
import io.kapsel.oci.image.Manifest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Platform;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** More of rows R3, R5, R6, R9, I13 and I16: registries that lie, drip, flood and confuse. */
class HostileRegistryIT extends PullFixture {
  private void serveManifest(String text) {
    registry.on(
        "/v2/a/manifests/1",
        LoopbackRegistry.bytes(MediaTypes.MANIFEST, text.getBytes(StandardCharsets.UTF_8)));
  }

  private void isRefused(String what) {
    assertThatThrownBy(this::pull).as(what).isInstanceOf(ImageException.class);
    nothingIsNamed();
  }

  @Test
  void sizesThatLieAreNoticed() {
    String manifest = new String(image.manifest, StandardCharsets.UTF_8);
    String size = "\"size\":" + image.layer.length;
    assertThat(manifest).contains(size);
    for (String lie :
        List.of(
            "-1",
            "9223372036854775808",
            "9223372036854775807",
            "1e3",
            "\"5\"",
            Integer.toString(image.layer.length - 1),
            Integer.toString(image.layer.length + 1))) {
      serveManifest(manifest.replace(size, "\"size\":" + lie));
      isRefused(lie);
    }
  }

  private void drip(OutputStream out, byte[] bytes) throws IOException {
    for (byte each : bytes) {
      out.write(each);
      out.flush();
      rest(20);
    }
  }

  static void rest(long millis) throws IOException {
    try {
      new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void moreLayersThanAnImageMayHaveAreRefusedBeforeAnyIsFetched() {
    String manifest = new String(image.manifest, StandardCharsets.UTF_8);
    int from = manifest.indexOf("\"layers\":[") + "\"layers\":[".length();
    String layer = manifest.substring(from, manifest.indexOf(']', from));
    serveManifest(manifest.replace(layer, String.join(",", Collections.nCopies(1001, layer))));

    assertThatThrownBy(this::pull)
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("more than 1,000");
    assertThat(registry.asked).noneMatch(each -> each.path().contains("/blobs/"));
  }

  @Test
  void aRegistryThatDripsIsGivenUp() {
    registry.on(
        image.layerPath(),
        (_, out) -> {
          LoopbackRegistry.head(out, 200, "Content-Length: " + image.layer.length);
          drip(out, image.layer);
        });
    long begin = System.nanoTime();
    isRefused("a blob, byte by byte");
    registry.on(
        "/v2/a/manifests/1",
        (_, out) -> drip(out, "HTTP/1.1 200 x\r\n".repeat(500).getBytes(StandardCharsets.UTF_8)));
    isRefused("a head, byte by byte");
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
  }

  @Test
  void answersWithoutEndAreCut() {
    for (String path : List.of("/v2/a/manifests/1", "/v2/a/blobs/" + Digest.of(image.config))) {
      registry.on(
          path,
          (_, out) -> {
            LoopbackRegistry.head(
                out, 200, "Content-Type: " + MediaTypes.MANIFEST, "Transfer-Encoding: chunked");
            byte[] piece =
                ("10000\r\n" + " ".repeat(0x10000) + "\r\n").getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < 100_000; i++) {
              out.write(piece);
            }
          });
      isRefused(path);
      image.serve(registry);
    }
  }

  @Test
  void documentsThatArePackedAreNotUnpacked() throws IOException {
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bomb)) {
      byte[] zeros = new byte[1 << 20];
      for (int i = 0; i < 64; i++) {
        gzip.write(zeros);
      }
    }
    registry.on(
        "/v2/a/manifests/1",
        (_, out) -> {
          LoopbackRegistry.head(
              out,
              200,
              "Content-Encoding: gzip",
              "Content-Type: " + MediaTypes.MANIFEST,
              "Content-Length: " + bomb.size());
          bomb.writeTo(out);
        });
    isRefused("gzip");
  }

  @Test
  void aPullThatIsCancelledEndsAtOnce() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    registry.on(
        image.layerPath(),
        (_, out) -> {
          LoopbackRegistry.head(out, 200, "Content-Length: " + image.layer.length);
          out.write(image.layer, 0, 5000);
          out.flush();
          begun.countDown();
          rest(5000);
        });
    FutureTask<Object> task = new FutureTask<>(this::pull);
    Thread thread = Thread.ofVirtual().start(task);
    assertThat(begun.await(5, TimeUnit.SECONDS)).isTrue();
    long begin = System.nanoTime();
    thread.interrupt();

    assertThatThrownBy(task::get).hasCauseInstanceOf(ImageException.class);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
    nothingIsNamed();
  }

  @Test
  void floodsOfHeadersAreRefused() {
    registry.on(
        "/v2/a/manifests/1",
        (_, out) -> LoopbackRegistry.head(out, 200, "X-Long: " + "y".repeat(1 << 20)));
    isRefused("a long header");
    registry.on(
        "/v2/a/manifests/1",
        (_, out) -> LoopbackRegistry.head(out, 200, "X-Many: y\r\n".repeat(100_000).strip()));
    isRefused("many headers");
  }

  @Test
  void aRedirectThatSmugglesAHeaderDoesNot() {
    registry.on(
        image.layerPath(),
        (_, out) ->
            LoopbackRegistry.head(
                out, 307, "Location: /x%0d%0aAuthorization: stolen", "Content-Length: 0"));
    isRefused("encoded");
    registry.on(
        image.layerPath(),
        (_, out) ->
            LoopbackRegistry.head(out, 307, "Location: /y\r\n\tX-Evil: z", "Content-Length: 0"));
    isRefused("folded");
    assertThat(registry.asked)
        .allMatch(
            each -> each.header("X-Evil").isEmpty() && each.header("Authorization").isEmpty());
  }

  @Test
  void aPageOfTenMillionTagsIsRefused() throws IOException {
    registry.on(
        "/v2/a/tags/list",
        (_, out) -> {
          LoopbackRegistry.head(out, 200, "Transfer-Encoding: chunked");
          byte[] tags = "\"t\",".repeat(0x4000).getBytes(StandardCharsets.UTF_8);
          out.write("9\r\n{\"tags\":[\r\n".getBytes(StandardCharsets.UTF_8));
          for (int i = 0; i < 10_000_000 / 0x4000; i++) {
            out.write((Integer.toHexString(tags.length) + "\r\n").getBytes(StandardCharsets.UTF_8));
            out.write(tags);
            out.write("\r\n".getBytes(StandardCharsets.UTF_8));
          }
        });
    Client client = client(Credentials.ANONYMOUS);
    assertThatThrownBy(() -> client.tags(name())).isInstanceOf(ImageException.class);
  }

  private Descriptor served(String type, byte[] bytes) {
    Descriptor descriptor = Descriptor.of(type, bytes);
    registry.on("/v2/a/manifests/" + descriptor.digest(), LoopbackRegistry.bytes(type, bytes));
    return descriptor;
  }

  @Test
  void indexesInIndexesHaveAnEnd() {
    Descriptor inner =
        served(MediaTypes.MANIFEST, image.manifest).on(Platform.parse("linux/amd64"));
    for (int depth = 0; depth < 50; depth++) {
      byte[] index = Json.write(Index.of(List.of(inner)));
      inner = served(MediaTypes.INDEX, index).on(Platform.parse("linux/amd64"));
      registry.on("/v2/a/manifests/1", LoopbackRegistry.bytes(MediaTypes.INDEX, index));
    }
    isRefused("50 deep");
    assertThat(registry.asked).hasSizeLessThan(10);
  }

  @Test
  void aPlatformThatIsAnotherIsNotTakenForTheOneAskedFor() throws IOException {
    byte[] config =
        new String(image.config, StandardCharsets.UTF_8)
            .replace("amd64", "s390x")
            .getBytes(StandardCharsets.UTF_8);
    registry.on("/v2/a/blobs/" + Digest.of(config), LoopbackRegistry.bytes("x/y", config));
    byte[] manifest =
        Json.write(
            Manifest.of(Descriptor.of(MediaTypes.CONFIG, config), List.of(image.layerDescriptor)));
    Descriptor wrong = served(MediaTypes.MANIFEST, manifest).on(Platform.parse("linux/amd64"));
    registry.on(
        "/v2/a/manifests/1",
        LoopbackRegistry.bytes(MediaTypes.INDEX, Json.write(Index.of(List.of(wrong)))));
    Client client = client(Credentials.ANONYMOUS);

    assertThatThrownBy(() ->
            new Pull(store, client, Progress.SILENT)
                .run(name(), Platform.parse("linux/amd64"), true))
        .hasMessageContaining("s390x");
    nothingIsNamed();
  }

  @Test
  void configurationsThatAreNoneAreRefused() {
    String good = new String(image.config, StandardCharsets.UTF_8);
    for (String bad :
        List.of(
            "no json",
            "[]",
            good.replace("\"layers\"", "\"files\""),
            good.replace("sha256:", "md5:"),
            good.replace("[\"", "[\"sha256:" + "0".repeat(64) + "\",\""),
            good.replace("\"os\"", "\"config\":{\"Env\":5},\"os\""),
            good.replace("\"os\"", "\"config\":{\"Entrypoint\":\"x\"},\"os\""),
            good.replace("\"os\"", "\"config\":{\"Healthcheck\":{\"Interval\":\"x\"}},\"os\""),
            good.replace("\"os\"", "\"x\":" + "[".repeat(5000) + "]".repeat(5000) + ",\"os\""))) {
      byte[] config = bad.getBytes(StandardCharsets.UTF_8);
      registry.on("/v2/a/blobs/" + Digest.of(config), LoopbackRegistry.bytes("x/y", config));
      byte[] manifest =
          Json.write(
              Manifest.of(
                  Descriptor.of(MediaTypes.CONFIG, config), List.of(image.layerDescriptor)));
      registry.on("/v2/a/manifests/1", LoopbackRegistry.bytes(MediaTypes.MANIFEST, manifest));
      isRefused(bad.substring(0, Math.min(80, bad.length())));
    }
    Descriptor huge =
        new Descriptor(
            MediaTypes.CONFIG,
            "sha256:" + "1".repeat(64),
            100 << 20,
            List.of(),
            java.util.Map.of(),
            java.util.Optional.empty(),
            java.util.Optional.empty());
    registry.on(
        "/v2/a/manifests/1",
        LoopbackRegistry.bytes(
            MediaTypes.MANIFEST, Json.write(Manifest.of(huge, List.of(image.layerDescriptor)))));
    assertThatThrownBy(this::pull).hasMessageContaining("8 MiB");
  }

  @Test
  void tokensThatExpireAtOnceDoNotMakeItAskForEver() throws IOException {
    registry.on(
        "/token",
        LoopbackRegistry.bytes(
            "application/json",
            "{\"token\":\"good\",\"expires_in\":-5}".getBytes(StandardCharsets.UTF_8)));
    demandToken("/v2/a/manifests/1", LoopbackRegistry.bytes(MediaTypes.MANIFEST, image.manifest));
    demandToken(image.layerPath(), LoopbackRegistry.bytes("x/y", image.layer));
    demandToken(
        "/v2/a/blobs/" + Digest.of(image.config), LoopbackRegistry.bytes("x/y", image.config));
    assertThat(pull().changed()).isTrue();
    assertThat(registry.asked).filteredOn(each -> each.path().startsWith("/token")).hasSize(1);
  }

  private void demandToken(String path, LoopbackRegistry.Reply reply) {
    registry.on(
        path,
        (asked, out) -> {
          if (asked.header("Authorization").equals("Bearer good")) {
            reply.to(asked, out);
          } else {
            LoopbackRegistry.head(
                out,
                401,
                "WWW-Authenticate: Bearer realm=\"" + registry.url("/token") + "\"",
                "Content-Length: 0");
          }
        });
  }
}
