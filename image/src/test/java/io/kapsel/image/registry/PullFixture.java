package io.kapsel.image.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.image.ImageStore;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A store, and a registry that has one small image and then does whatever a test wants. */
abstract class PullFixture {
  static final Limits HASTY =
      new Limits(
          Duration.ofSeconds(5),
          Duration.ofMillis(300),
          64,
          3,
          Duration.ofMillis(5),
          Duration.ofSeconds(2));
  static final Credential SECRET = Credential.of("me", "hunter2");

  @TempDir Path state;
  LoopbackRegistry registry;
  SmallImage image;
  ImageStore store;

  @BeforeEach
  void serve() throws IOException {
    registry = new LoopbackRegistry();
    image = new SmallImage(300_000);
    image.serve(registry);
    store = ImageStore.open(state);
  }

  @AfterEach
  void end() {
    registry.close();
    store.layers().makeDurable(); // else that would go on while the directory is removed
  }

  Reference name() {
    return Reference.parse(registry.domain() + "/a:1");
  }

  Client client(Credentials credentials) throws IOException {
    Path hosts = Files.createDirectories(state.resolve("certs/" + registry.domain()));
    Files.writeString(hosts.resolve("hosts.toml"), "server = \"" + registry.url("") + "\"\n");
    return new Client(
        new Registries(List.of(state.resolve("certs"))), credentials, new Proxies(Map.of()), HASTY);
  }

  Pull.Pulled pull() throws IOException {
    return pull(store, Credentials.ANONYMOUS);
  }

  Pull.Pulled pull(ImageStore into, Credentials credentials) throws IOException {
    return new Pull(into, client(credentials), Progress.SILENT)
        .run(name(), Platform.parse("linux/amd64"), false);
  }

  void nothingIsNamed() {
    assertThat(store.images()).isEmpty();
    assertThat(store.blobs().has(image.layerDescriptor.id())).isFalse();
    assertThat(store.layers().all()).isEmpty();
  }
}
