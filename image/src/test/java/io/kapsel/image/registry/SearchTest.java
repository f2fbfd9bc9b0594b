package io.kapsel.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.image.ImageException;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be asked of a registry without pulling. */
class SearchTest {
  @TempDir Path place;
  private LoopbackRegistry registry;
  private Client client;

  @BeforeEach
  void serve() throws IOException {
    registry = new LoopbackRegistry();
    for (String name : List.of(registry.domain(), "docker.io")) {
      Path hosts = Files.createDirectories(place.resolve(name));
      Files.writeString(hosts.resolve("hosts.toml"), "server = \"" + registry.url("") + "\"\n");
    }
    client =
        new Client(
            new Registries(List.of(place)),
            Credentials.ANONYMOUS,
            new Proxies(Map.of()),
            PullFixture.HASTY);
  }

  @AfterEach
  void end() {
    registry.close();
  }

  private static LoopbackRegistry.Reply json(String text) {
    return LoopbackRegistry.bytes("application/json", text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void theSearchOfTheHubIsAsked() {
    registry.on(
        "/v1/search",
        json(
            "{\"num_results\":2,\"results\":[{\"name\":\"debian\",\"description\":\"d\\u001b[0m\",\"star_count\":5000,"
                + "\"is_official\":true,\"is_automated\":false},{\"name\":\"x/debian\"}]}"));

    List<Search.Found> found = new Search(client).run(Reference.HUB, "deb ian&n=9", 25);

    assertThat(found).hasSize(2);
    assertThat(found.getFirst().stars()).isEqualTo(5000);
    assertThat(found.getFirst().official()).isTrue();
    assertThat(found.getLast().description()).isEmpty();
    assertThat(registry.asked.getFirst().path()).isEqualTo("/v1/search?q=deb+ian%26n%3D9&n=25");
  }

  @Test
  void aRegistryWithoutOneIsAskedForAllItHas() {
    registry.on(
        "/v2/_catalog",
        (asked, out) -> {
          boolean first = !asked.path().contains("last=");
          String names = first ? "\"team/app\",\"other\"" : "\"app/two\",\"app/three\"";
          byte[] body = ("{\"repositories\":[" + names + "]}").getBytes(StandardCharsets.UTF_8);
          LoopbackRegistry.head(
              out,
              200,
              "Content-Length: " + body.length,
              first ? "Link: </v2/_catalog?last=other&n=2>; rel=\"next\"" : "X-Last: yes");
          out.write(body);
        });

    assertThat(client.repositories(registry.domain())).hasSize(4);
    assertThat(new Search(client).run(registry.domain(), "app", 2))
        .extracting(Search.Found::name)
        .containsExactly("team/app", "app/two");
  }

  @Test
  void nonsenseIsRefused() {
    for (String bad :
        List.of("{}x", "[]", "{\"results\":5}", "{\"results\":[{\"star_count\":\"x\"}]}")) {
      registry.on("/v1/search", json(bad));
      assertThatThrownBy(() -> new Search(client).run(registry.domain(), "a", 5))
          .as(bad)
          .isInstanceOf(ImageException.class);
    }
    registry.on(
        "/v1/search",
        json(
            "{\"results\":["
                + String.join(
                    ",",
                    IntStream.range(0, 5000).mapToObj(i -> "{\"name\":\"n" + i + "\"}").toList())
                + "]}"));
    assertThat(new Search(client).run(registry.domain(), "a", 7)).hasSize(7);
  }

  @Test
  void referrersAreListedAlsoByTheTagOfOldRegistries() {
    Reference name = Reference.parse(registry.domain() + "/a:1");
    byte[] manifest =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\"}"
            .formatted(MediaTypes.MANIFEST)
            .getBytes(StandardCharsets.UTF_8);
    registry.on("/v2/a/manifests/1", LoopbackRegistry.bytes(MediaTypes.MANIFEST, manifest));
    String digest = io.kapsel.oci.image.Digest.of(manifest).toString();
    String index =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":5,\"artifactType\":\"sig/x\"}]}"
            .formatted(MediaTypes.INDEX, MediaTypes.MANIFEST, digest);
    assertThat(client.referrers(name).manifests()).isEmpty();
    registry.on(
        "/v2/a/manifests/" + digest.replace(':', '-'),
        LoopbackRegistry.bytes(MediaTypes.INDEX, index.getBytes(StandardCharsets.UTF_8)));
    assertThat(client.referrers(name).manifests()).hasSize(1);
    registry.on("/v2/a/referrers/" + digest, json(index.replace("sig/x", "bill/y")));
    assertThat(client.referrers(name).manifests().getFirst().artifactType()).contains("bill/y");
  }
}
