package io.kapsel.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.image.ImageException;
import java.io.IOException;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows R13 and R14, and the small parsers of what registries and their users write. */
class PartsTest {
  @TempDir Path directory;

  @Test
  void challengesAreReadAndNonsenseIsLeftOut() {
    List<Challenge> all =
        Challenge.parse(
            List.of(
                "Bearer realm=\"https://a/b\",service=\"x y\", scope=\"a\\\"b\", Basic realm=z"));

    assertThat(all).hasSize(2);
    assertThat(all.getFirst().get("scope")).contains("a\"b");
    assertThat(all.getLast().scheme()).isEqualTo("basic");
    SplittableRandom random = new SplittableRandom(5);
    String alphabet = "Bearer realm=\",\\ \t=x";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(40); n > 0; n--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      assertThatCode(() -> Challenge.parse(List.of(text.toString()))).doesNotThrowAnyException();
    }
  }

  @Test
  void aRangeThatIsAnotherIsNoticed() {
    assertThat(Download.startsAt("bytes 5-9/10", 5)).isTrue();
    for (String bad : List.of("bytes 50-9/10", "bytes */10", "5-9/10", "", "bytes 4-9/10")) {
      assertThat(Download.startsAt(bad, 5)).as(bad).isFalse();
    }
  }

  @Test
  void hostsFilesAreRead() throws IOException {
    Path own = Files.createDirectories(directory.resolve("docker.io"));
    Files.writeString(
        own.resolve("hosts.toml"),
        """
        # mirrors
        server = "https://registry-1.docker.io"
        [host."https://mirror.example:5000"]
          capabilities = ["pull", "resolve"] # no push
          ca = "ca.pem"
          client = [
            ["c.pem", "k.pem"]
          ]
        [host."https://mirror.example:5000".header]
          X-Token = "t"
        [host."http://10.0.0.1"]
          skip_verify = true
        """);
    List<Endpoint> all = new Registries(List.of(directory)).endpoints("docker.io");

    assertThat(all).hasSize(3);
    assertThat(all.getFirst().push()).isFalse();
    assertThat(all.getFirst().authorities()).containsExactly(own.resolve("ca.pem"));
    assertThat(all.getFirst().client()).isPresent();
    assertThat(all.getFirst().headers()).containsEntry("X-Token", "t");
    assertThat(all.get(1).verify()).isFalse();
    assertThat(all.getLast().push()).isTrue();
    Files.writeString(own.resolve("hosts.toml"), "server = http://x\n");
    assertThatThrownBy(() -> new Registries(List.of(directory)).endpoints("docker.io"))
        .isInstanceOf(ImageException.Invalid.class);
  }

  @Test
  void onlyThisMachineMaySpeakWithoutTlsUnasked() {
    Registries registries = new Registries(List.of());
    assertThat(registries.endpoints("127.0.0.1:5000").getFirst().plainAllowed()).isTrue();
    for (String other : List.of("127.0.0.1.example", "localhost.example", "10.0.0.1:5000")) {
      assertThat(registries.endpoints(other).getFirst().plainAllowed()).as(other).isFalse();
    }
  }

  @Test
  void proxiesAreUsedAsGoProgramsWould() {
    Proxies proxies =
        new Proxies(
            Map.of(
                "HTTPS_PROXY", "http://p.example:3128",
                "NO_PROXY", "inner.example,.deep.example,10.0.0.0/8,192.0.2.1,x.example:8443"));
    assertThat(direct(proxies, "https://registry.example/")).isFalse();
    assertThat(direct(proxies, "http://registry.example/")).isTrue();
    for (String url :
        List.of(
            "https://localhost:5000/",
            "https://127.0.0.1/",
            "https://inner.example/",
            "https://a.inner.example/",
            "https://a.deep.example/",
            "https://10.1.2.3/",
            "https://192.0.2.1/",
            "https://x.example:8443/")) {
      assertThat(direct(proxies, url)).as(url).isTrue();
    }
    for (String url :
        List.of(
            "https://notinner.example/",
            "https://11.0.0.1/",
            "https://x.example/",
            "https://192.0.2.11/",
            "https://127.0.0.1.example/")) {
      assertThat(direct(proxies, url)).as(url).isFalse();
    }
    for (String bad :
        List.of("http://u:hunter2@ p/", "socks5://u:hunter2@p", "http://[fe80::1%25eth0]:1")) {
      assertThatThrownBy(() -> new Proxies(Map.of("HTTPS_PROXY", bad)))
          .isInstanceOf(ImageException.Invalid.class)
          .hasMessageNotContaining("hunter2");
    }
  }

  private static boolean direct(Proxies proxies, String url) {
    return proxies.select(URI.create(url)).equals(List.of(Proxy.NO_PROXY));
  }

  private List<String> helper(String script) throws IOException {
    Path program = directory.resolve("docker-credential-test");
    Files.writeString(program, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    return List.of("PATH=" + directory + ":/usr/bin:/bin");
  }

  @Test
  void aHelperIsAskedAndBounded() throws IOException {
    CredentialHelper good =
        new CredentialHelper(
            "test", helper("read x; echo '{\"Username\":\"'$1-$x'\",\"Secret\":\"s\"}'"));
    assertThat(good.find("reg"))
        .hasValueSatisfying(it -> assertThat(it.username()).isEqualTo("get-reg"));

    CredentialHelper failing = new CredentialHelper("test", helper("echo hunter2 >&2; exit 1"));
    assertThat(failing.find("reg")).isEmpty();

    CredentialHelper endless = new CredentialHelper("test", helper("exec cat /dev/zero"));
    assertThatThrownBy(() -> endless.find("reg")).hasMessageContaining("does not end");

    CredentialHelper hanging =
        new CredentialHelper("test", helper("exec sleep 100"), Duration.ofMillis(200));
    long begin = System.nanoTime();
    assertThat(hanging.find("reg")).isEmpty();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));

    CredentialHelper odd = new CredentialHelper("test", helper("echo hunter2"));
    assertThatThrownBy(() -> odd.find("reg"))
        .hasMessageContaining("not understood")
        .hasMessageNotContaining("hunter2");
    for (String name : List.of("../x", "a/b", "", "a b")) {
      assertThatThrownBy(() -> new CredentialHelper(name, List.of()))
          .isInstanceOf(ImageException.Invalid.class);
    }
  }

  @Test
  void aLoginChangesNothingElseInTheFile() throws IOException {
    Path file = directory.resolve("config.json");
    Files.writeString(
        file,
        "{\"aliases\":{\"builder\":\"x\"},\"auths\":{\"a.example\":{\"auth\":\"bWU6cHc=\"}}}");
    List<String> environment = List.of("DOCKER_CONFIG=" + directory);
    DockerConfig.read(environment).store("b.example:5000", Credential.of("u", "p:w"));

    DockerConfig read = DockerConfig.read(environment);
    assertThat(read.find("a.example").map(Credential::password)).contains("pw");
    assertThat(read.find("b.example:5000").map(Credential::password)).contains("p:w");
    assertThat(file).content().contains("\"builder\"");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(read.erase("b.example:5000")).isTrue();
    assertThat(DockerConfig.read(environment).find("b.example:5000")).isEmpty();
  }
}
