package io.kapsel.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.image.ImageException;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** More of row R13: a proxy gets its own password, and nobody else's. Needs root, to unpack. */
class ProxyIT extends PullFixture {
  private static final String THERE = "registry.test:5000";
  private static final String PROOF = Credential.of("me", "p:w@d").basic();

  private LoopbackRegistry proxy;
  private Map<String, String> environment;

  @BeforeEach
  void letTheRegistryBeAProxy() throws IOException {
    proxy = registry; // it looks at paths only, as that of http://registry.test:5000/v2/… is one
    String url = "http://me:p%3Aw%40d@" + proxy.domain();
    environment = Map.of("HTTP_PROXY", url, "HTTPS_PROXY", url);
  }

  private void pull(String server, Credentials credentials) throws IOException {
    Path hosts = Files.createDirectories(state.resolve("certs/" + THERE));
    Files.writeString(hosts.resolve("hosts.toml"), "server = \"" + server + "\"\n");
    Client client =
        new Client(
            new Registries(List.of(state.resolve("certs"))),
            credentials,
            new Proxies(environment),
            HASTY);
    new Pull(store, client, Progress.SILENT)
        .run(Reference.parse(THERE + "/a:1"), Platform.parse("linux/amd64"), false);
  }

  @Test
  void aPlainRequestShowsThePasswordToTheProxy() throws IOException {
    LoopbackRegistry.Reply manifest =
        LoopbackRegistry.bytes(io.kapsel.oci.image.MediaTypes.MANIFEST, image.manifest);
    proxy.otherwise((asked, out) -> {
      String path = asked.path().replaceFirst("^http://registry.test:5000", "");
      if (!asked.header("Proxy-Authorization").equals(PROOF)) {
        LoopbackRegistry.head(out, 407, "Proxy-Authenticate: Basic realm=x", "Content-Length: 0");
      } else if (path.equals("/v2/a/manifests/1")) {
        manifest.to(asked, out);
      } else {
        byte[] body = path.equals(image.layerPath()) ? image.layer : image.config;
        LoopbackRegistry.bytes("x/y", body).to(asked, out);
      }
    });
    pull("http://" + THERE, Credentials.ANONYMOUS);

    assertThat(store.images()).hasSize(1);
    assertThat(proxy.asked)
        .isNotEmpty()
        .allMatch(each -> each.path().startsWith("http://" + THERE));
    environment = Map.of("HTTP_PROXY", "http://me:wrong@" + proxy.domain());
    assertThatThrownBy(() -> pull("http://" + THERE, Credentials.ANONYMOUS))
        .isInstanceOf(ImageException.class)
        .hasMessageNotContaining("wrong");
  }

  @Test
  void aTunnelShowsItToTheProxyOnly() {
    proxy.otherwise((_, out) -> LoopbackRegistry.head(out, 502, "Content-Length: 0"));
    assertThatThrownBy(() -> pull("https://" + THERE, _ -> Optional.of(SECRET)))
        .isInstanceOf(ImageException.class)
        .hasMessageNotContaining("p:w@d");

    assertThat(proxy.asked)
        .isNotEmpty()
        .allMatch(each -> each.method().equals("CONNECT"))
        .allMatch(each -> each.header("Proxy-Authorization").equals(PROOF))
        .allMatch(each -> each.header("Authorization").isEmpty());
  }
}
