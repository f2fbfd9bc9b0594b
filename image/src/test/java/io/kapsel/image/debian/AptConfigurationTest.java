package io.kapsel.image.debian;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The host's apt is asked how an archive is reached. */
class AptConfigurationTest {
  private static AptConfiguration of(String text) {
    AptConfiguration configuration = new AptConfiguration();
    configuration.add(text);
    return configuration;
  }

  @Test
  void settingsAreReadInBothForms() {
    AptConfiguration configuration =
        of(
            """
            // a comment
            Acquire::http::Proxy "http://one:1/"; # and one more
            Acquire { https { Proxy "http://two:2/"; }; Retries 3; /* the
            last */ };
            """);

    assertThat(configuration.find("acquire::HTTP::proxy")).contains("http://one:1/");
    assertThat(configuration.find("Acquire::https::Proxy")).contains("http://two:2/");
    assertThat(configuration.find("Acquire::Retries")).contains("3");
  }

  @Test
  void wordsMeanYesOrNo() {
    AptConfiguration configuration = of("A \"false\"; B yes; C \"maybe\";");

    assertThat(configuration.is("A", true)).isFalse();
    assertThat(configuration.is("B", false)).isTrue();
    assertThat(configuration.is("C", true)).isTrue();
    assertThat(configuration.is("D", false)).isFalse();
  }

  @Test
  void partsAreReadInOrderBeforeTheSingleFile(@TempDir Path etc) throws IOException {
    Path parts = Files.createDirectory(etc.resolve("apt.conf.d"));
    Files.writeString(parts.resolve("10one"), "A 1; B 1; C 1;");
    Files.writeString(parts.resolve("20two"), "A 2; B 2;");
    Files.writeString(parts.resolve("30three.bak"), "A 3;");
    Files.writeString(etc.resolve("apt.conf"), "A 4;");

    AptConfiguration configuration = AptConfiguration.read(etc);

    assertThat(configuration.find("A")).contains("4");
    assertThat(configuration.find("B")).contains("2");
    assertThat(configuration.find("C")).contains("1");
  }

  @Test
  void theProxyIsAptsElseTheEnvironments() {
    Transport.Proxies proxies =
        new Transport.Proxies(
            of("Acquire::http::Proxy \"http://apt:1\"; Acquire::http::Proxy::near DIRECT;"),
            Map.of("https_proxy", "http://env:2", "no_proxy", "inside.example"));

    assertThat(proxies.find(URI.create("http://far/debian"))).contains("http://apt:1");
    assertThat(proxies.find(URI.create("http://near/debian"))).isEqualTo(Optional.empty());
    assertThat(proxies.find(URI.create("https://far/debian"))).contains("http://env:2");
    assertThat(proxies.find(URI.create("https://a.inside.example/"))).isEmpty();
  }
}
