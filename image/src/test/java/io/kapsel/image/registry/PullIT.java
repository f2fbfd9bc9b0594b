package io.kapsel.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.base.Json;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Index;
import io.kapsel.oci.image.Manifest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Platform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Rows R1, R3-R6, R9, I16 and I18: what a registry says is believed as far as it is right. */
class PullIT extends PullFixture {
  @Test
  void anImageIsPulledAndUnpacked() throws IOException {
    Pull.Pulled pulled = pull();

    assertThat(pulled.changed()).isTrue();
    assertThat(store.find(name().toString())).contains(pulled.image());
    Path layer = store.layers().path(pulled.image().config().diffIds().getFirst());
    assertThat(layer.resolve("f")).hasSize(300_000);
    assertThat(pull().changed()).isFalse();
    assertThat(registry.count(image.layerPath())).isEqualTo(1);
  }

  @Test
  void wrongBytesNeverGetAName() throws IOException {
    // The fifth byte is of the time in gzip's header: what it holds stays right, and it is another.
    for (int at : new int[] {0, 4, 20, image.layer.length / 2, image.layer.length - 1}) {
      byte[] wrong = image.layer.clone();
      wrong[at] ^= 1;
      registry.on(image.layerPath(), LoopbackRegistry.bytes("x/y", wrong));
      assertThatThrownBy(this::pull).isInstanceOf(ImageException.Refused.class);
      nothingIsNamed();
    }
    image.serve(registry);
    assertThat(pull().changed()).isTrue();
  }

  @Test
  void moreOrFewerBytesThanTheManifestSaysAreRefused() throws IOException {
    byte[] more = Arrays.copyOf(image.layer, image.layer.length + 100);
    registry.on(image.layerPath(), LoopbackRegistry.bytes("x/y", more));
    assertThatThrownBy(this::pull).hasMessageContaining("more bytes");
    byte[] fewer = Arrays.copyOf(image.layer, image.layer.length - 100);
    registry.on(image.layerPath(), LoopbackRegistry.bytes("x/y", fewer));
    assertThatThrownBy(this::pull).isInstanceOf(ImageException.class);
    nothingIsNamed();
  }

  @Test
  void aDownloadThatBreaksGoesOnWhereItWas() throws IOException {
    AtomicInteger breaks = new AtomicInteger();
    registry.on(
        image.layerPath(),
        (asked, out) -> {
          if (breaks.getAndIncrement() < 4) {
            int from =
                asked.header("Range").isEmpty()
                    ? 0
                    : Integer.parseInt(asked.header("Range").replaceAll("\\D", ""));
            LoopbackRegistry.head(
                out,
                from == 0 ? 200 : 206,
                "Content-Length: " + (image.layer.length - from),
                "Content-Range: bytes " + from + "-" + (image.layer.length - 1) + "/*");
            out.write(image.layer, from, 50_000);
            return;
          }
          LoopbackRegistry.bytes("x/y", image.layer).to(asked, out);
        });

    assertThat(pull().changed()).isTrue();
    assertThat(breaks).hasValue(5);
  }

  @Test
  void whatCameIsUsedAfterARestart() throws IOException {
    registry.on(
        image.layerPath(),
        (_, out) -> {
          LoopbackRegistry.head(out, 200, "Content-Length: " + image.layer.length);
          out.write(image.layer, 0, 100_000);
          out.flush();
          throw new IOException("cut");
        });
    assertThatThrownBy(this::pull).isInstanceOf(ImageException.class);
    nothingIsNamed();
    registry.asked.clear();
    image.serve(registry);

    store = ImageStore.open(state);
    pull();

    assertThat(registry.asked)
        .filteredOn(each -> each.path().equals(image.layerPath()))
        .singleElement()
        .satisfies(each -> assertThat(each.header("Range")).matches("bytes=[1-9]\\d+-"));
  }

  @Test
  void wrongBytesAreThrownAwayAlsoWhileTheRestIsAwaited() throws IOException {
    byte[] wrong = image.layer.clone();
    Arrays.fill(wrong, 10, wrong.length, (byte) 0xff); // behind the head of gzip
    CountDownLatch ended = new CountDownLatch(1);
    registry.on(
        image.layerPath(),
        (_, out) -> {
          LoopbackRegistry.head(out, 200, "Content-Length: " + image.layer.length);
          out.write(wrong, 0, 200_000);
          out.flush();
          for (int i = 200_000; i < wrong.length && ended.getCount() > 0; i++) {
            out.write(wrong[i]);
            out.flush();
            HostileRegistryIT.rest(20);
          }
        });
    try {
      assertThatThrownBy(this::pull).isInstanceOf(ImageException.Refused.class);
    } finally {
      ended.countDown();
    }
    nothingIsNamed();
    assertThat(state.resolve("downloads")).isEmptyDirectory();
  }

  @Test
  void aDamagedRestIsThrownAwayAndFetchedAnew() throws IOException {
    Files.write(
        state.resolve("downloads/sha256-" + image.layerDescriptor.id().hex() + ".part"),
        new byte[5000]);

    assertThat(pull().changed()).isTrue();
  }

  @Test
  void aBusyRegistryIsAskedAgainWhenItWants() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    registry.on(
        "/v2/a/manifests/1",
        (request, out) -> {
          if (asked.getAndIncrement() == 0) {
            LoopbackRegistry.head(out, 429, "Retry-After: 1", "Content-Length: 0");
          } else {
            LoopbackRegistry.bytes(MediaTypes.MANIFEST, image.manifest).to(request, out);
          }
        });
    assertThat(pull().changed()).isTrue();
    registry.on(
        "/v2/a/manifests/1",
        (_, out) -> LoopbackRegistry.head(out, 429, "Retry-After: 86400", "Content-Length: 0"));
    assertThatThrownBy(this::pull).hasMessageContaining("86400 seconds");
  }

  @Test
  void aStalledDownloadIsGivenUp() {
    registry.on(
        image.layerPath(),
        (_, out) -> {
          LoopbackRegistry.head(out, 200, "Content-Length: " + image.layer.length);
          out.write(image.layer, 0, 10);
          out.flush();
          try {
            new java.util.concurrent.CountDownLatch(1)
                .await(5, java.util.concurrent.TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
        });
    long begin = System.nanoTime();

    assertThatThrownBy(this::pull).hasMessageContaining("sends too little");
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
    nothingIsNamed();
  }

  @Test
  void redirectsLeadNowhereUnsafe() {
    for (String bad :
        List.of("file:///etc/shadow", "ftp://127.0.0.1/x", "", "http://user:pw@127.0.0.1/x")) {
      registry.on(
          image.layerPath(),
          (_, out) -> LoopbackRegistry.head(out, 307, "Location: " + bad, "Content-Length: 0"));
      assertThatThrownBy(this::pull).as(bad).isInstanceOf(ImageException.Refused.class);
    }
    registry.on(
        image.layerPath(),
        (_, out) ->
            LoopbackRegistry.head(out, 307, "Location: " + image.layerPath(), "Content-Length: 0"));
    assertThatThrownBy(this::pull).hasMessageContaining("more than five");
    assertThat(registry.count(image.layerPath())).isLessThan(20);
    assertThatThrownBy(
            () -> Transport.next(java.net.URI.create("https://r.example/x"), "http://r.example/y"))
        .hasMessageContaining("not as safe");
    assertThatThrownBy(() ->
            Transport.next(java.net.URI.create("https://192.0.2.1/x"), "https://169.254.169.254/"))
        .hasMessageContaining("this machine");
    nothingIsNamed();
  }

  @Test
  void aRedirectElsewhereDoesNotCarryThePassword() throws IOException {
    try (LoopbackRegistry elsewhere = new LoopbackRegistry()) {
      image.serve(elsewhere);
      registry.on(
          image.layerPath(),
          (asked, out) -> {
            if (asked.header("Authorization").isEmpty()) {
              LoopbackRegistry.head(
                  out, 401, "WWW-Authenticate: Basic realm=\"x\"", "Content-Length: 0");
            } else {
              LoopbackRegistry.head(
                  out, 307, "Location: " + elsewhere.url(image.layerPath()), "Content-Length: 0");
            }
          });
      assertThat(pull(store, _ -> Optional.of(SECRET)).changed()).isTrue();
      assertThat(elsewhere.asked)
          .isNotEmpty()
          .allMatch(each -> each.header("Authorization").isEmpty());
    }
  }

  private void demandToken(String realm) {
    registry.on(
        "/v2/a/manifests/1",
        (asked, out) -> {
          if (asked.header("Authorization").equals("Bearer good")) {
            LoopbackRegistry.bytes(MediaTypes.MANIFEST, image.manifest).to(asked, out);
          } else {
            LoopbackRegistry.head(
                out,
                401,
                "WWW-Authenticate: Bearer realm=\"" + realm + "\",service=\"s\",scope=\"evil\"",
                "Content-Length: 0");
          }
        });
  }

  @Test
  void aTokenIsFetchedForOurScopeAndReused() throws IOException {
    demandToken(registry.url("/token"));
    registry.on(
        "/token",
        LoopbackRegistry.bytes(
            "application/json", "{\"token\":\"good\"}".getBytes(StandardCharsets.UTF_8)));

    pull(store, _ -> Optional.of(SECRET));

    assertThat(registry.asked)
        .filteredOn(each -> each.path().startsWith("/token"))
        .singleElement()
        .satisfies(each -> {
          assertThat(each.path()).contains("repository%3Aa%3Apull").doesNotContain("evil");
          assertThat(each.header("Authorization")).isEqualTo(SECRET.basic());
        });
  }

  @Test
  void anotherMachinesTokenServerDoesNotSeeThePassword() throws IOException {
    try (LoopbackRegistry other = new LoopbackRegistry()) {
      demandToken("http://localhost:" + other.domain().split(":")[1] + "/token");
      other.on(
          "/token",
          LoopbackRegistry.bytes(
              "application/json", "{\"token\":\"good\"}".getBytes(StandardCharsets.UTF_8)));

      pull(store, _ -> Optional.of(SECRET));

      assertThat(other.asked).isNotEmpty().allMatch(each -> each.header("Authorization").isEmpty());
    }
  }

  @Test
  void tokensThatCannotBeAreRefusedAndAsksAreBounded() {
    demandToken(registry.url("/token"));
    for (String answer :
        List.of(
            "{\"token\":\"" + "x".repeat(10 << 20) + "\"}",
            "{\"token\":\"a\\r\\nX: y\"}",
            "{}",
            "no json")) {
      registry.on(
          "/token",
          LoopbackRegistry.bytes("application/json", answer.getBytes(StandardCharsets.UTF_8)));
      assertThatThrownBy(this::pull).isInstanceOf(ImageException.class);
    }
    registry.asked.clear();
    registry.on(
        "/token",
        LoopbackRegistry.bytes(
            "application/json", "{\"token\":\"bad\"}".getBytes(StandardCharsets.UTF_8)));
    assertThatThrownBy(this::pull).hasMessageContaining("401");
    assertThat(registry.asked).hasSizeLessThan(10);
    for (String realm : List.of("file:///x", "http://u:p@127.0.0.1/", "x", "")) {
      demandToken(realm);
      assertThatThrownBy(this::pull).isInstanceOf(ImageException.Refused.class);
    }
    nothingIsNamed();
  }

  @Test
  void twoPullsAtOnceShareTheWork() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Pull.Pulled> one = this::pull;
      List<Future<Pull.Pulled>> all = threads.invokeAll(List.of(one, one, one));
      for (Future<Pull.Pulled> each : all) {
        assertThat(each.get().image().id()).isNotNull();
      }
    }
    assertThat(registry.count(image.layerPath())).isEqualTo(1);
  }

  @Test
  void oddIndexesAndLayersAreRefused() throws IOException {
    Descriptor self =
        new Descriptor(
            MediaTypes.INDEX,
            "sha256:" + "0".repeat(64),
            10,
            List.of(),
            Map.of(),
            Optional.of(Platform.parse("linux/amd64")),
            Optional.empty());
    registry.on(
        "/v2/a/manifests/1",
        LoopbackRegistry.bytes(MediaTypes.INDEX, Json.write(Index.of(List.of(self)))));
    assertThatThrownBy(this::pull).isInstanceOf(ImageException.class);
    registry.on(
        "/v2/a/manifests/1",
        LoopbackRegistry.bytes(
            MediaTypes.INDEX, Json.write(Index.of(java.util.Collections.nCopies(10_001, self)))));
    assertThatThrownBy(this::pull).hasMessageContaining("too large");
    registry.on(
        "/v2/a/manifests/1",
        LoopbackRegistry.bytes(MediaTypes.INDEX, Json.write(Index.of(List.of()))));
    assertThatThrownBy(this::pull).hasMessageContaining("nothing for linux/amd64");
    for (String type :
        List.of(
            "application/vnd.erofs.layer",
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")) {
      byte[] manifest =
          Json.write(
              Manifest.of(
                  Descriptor.of(MediaTypes.CONFIG, image.config),
                  List.of(Descriptor.of(type, image.layer))));
      registry.on("/v2/a/manifests/1", LoopbackRegistry.bytes(MediaTypes.MANIFEST, manifest));
      assertThatThrownBy(this::pull).hasMessageContaining(type);
    }
    nothingIsNamed();
  }

  @Test
  void aListOfTagsThatDoesNotEndIsGivenUp() throws IOException {
    AtomicInteger page = new AtomicInteger();
    registry.on(
        "/v2/a/tags/list",
        (asked, out) -> {
          byte[] body = "{\"tags\":[\"x\"]}".getBytes(StandardCharsets.UTF_8);
          LoopbackRegistry.head(
              out,
              200,
              "Content-Length: " + body.length,
              "Link: </v2/a/tags/list?page=" + page.incrementAndGet() + ">; rel=\"next\"");
          out.write(body);
        });
    Client client = client(Credentials.ANONYMOUS);
    assertThatThrownBy(() -> client.tags(name())).hasMessageContaining("does not end");
  }

  @Test
  void whatIsPulledOutlivesARestartAndWhatIsForgottenIsCollected() throws IOException {
    Pull.Pulled pulled = pull();
    ImageStore again = ImageStore.open(state);

    assertThat(again.find(name().toString()).map(each -> each.id())).contains(pulled.image().id());
    again.forget(pulled.image().descriptor().id());
    assertThat(again.collect(java.util.Set::of)).isPositive();
    assertThat(again.layers().all()).isEmpty();
    assertThat(Files.list(state.resolve("images/blobs/sha256"))).isEmpty();
  }
}
