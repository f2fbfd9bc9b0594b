package io.kapsel.junit;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.api.Container;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an annotation says of ports and of an image that is not there; needs root. */
class PortsAndImagesIT {
  @TempDir Path directory;

  static class Published {
    @KapselContainer(
        image = "host:",
        command = {"sh", "-c", "echo hello >/tmp/it; sleep 1; busybox httpd -f -p 8080 -h /tmp"},
        ports = "8080")
    Container web;

    @Test
    void answers() throws Exception {
      URI it = URI.create("http://127.0.0.1:" + web.publishedPort(8080).orElseThrow() + "/it");
      try (InputStream page = it.toURL().openStream()) {
        assertThat(new String(page.readAllBytes(), US_ASCII)).isEqualTo("hello\n");
      }
    }
  }

  static class Unpublished {
    @KapselContainer(
        image = "host:",
        command = {"sh", "-c", "sleep 1; busybox httpd -f -p 9090"},
        waitForPort = 9090)
    Container server;

    @Test
    void answers() throws IOException {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(server.address().orElseThrow(), 9090), 1000);
        assertThat(socket.isConnected()).isTrue();
      }
      assertThat(server.publishedPort(9090)).isEmpty();
    }
  }

  static class NobodyListens {
    @KapselContainer(
        image = "host:",
        command = {"sleep", "1000"},
        waitForPort = 9090,
        timeoutSeconds = 2)
    Container silent;

    @Test
    void isNotReached() {}
  }

  static class Pulled {
    @KapselContainer(image = InNetworkOfItsOwn.IMAGE, waitForLog = "pulled")
    static Container first;

    @KapselContainer(
        image = InNetworkOfItsOwn.IMAGE,
        command = {"busybox", "echo", "again"})
    Container second;

    @Test
    void runs() throws InterruptedException {
      assertThat(first.log()).isEqualTo("pulled\n");
      assertThat(second.await().code()).isZero();
      assertThat(second.log()).isEqualTo("again\n");
    }
  }

  static class Absent {
    @KapselContainer(image = "127.0.0.1:5000/kapsel/none:1")
    Container container;

    @Test
    void isNotReached() {}
  }

  /** Runs a class where the bridge and the rules of its engine are in nobody's way. */
  private List<String> run(Class<?> tests) throws Exception {
    String path =
        Stream.of("java.class.path", "jdk.module.path", "surefire.test.class.path")
            .map(name -> System.getProperty(name, ""))
            .filter(each -> !each.isEmpty())
            .collect(Collectors.joining(":"));
    List<String> words =
        new ArrayList<>(
            List.of("unshare", "-n", "sh", "-c", "ip link set lo up; exec \"$@\"", "-"));
    words.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    words.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", path));
    words.addAll(List.of(InNetworkOfItsOwn.class.getName(), tests.getName(), directory.toString()));
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.redirectError(directory.resolve("said").toFile()); // and by the engine
    builder.environment().remove("KAPSEL_NETWORK");
    Process process = builder.start();
    try {
      List<String> lines = process.inputReader().lines().toList();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return lines;
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void portsArePublishedAndAwaited() throws Exception {
    assertThat(run(Published.class)).containsExactly("answers() SUCCESSFUL");
  }

  @Test
  void aPortThatIsNotPublishedIsAwaited() throws Exception {
    assertThat(run(Unpublished.class)).containsExactly("answers() SUCCESSFUL");
    assertThat(run(NobodyListens.class))
        .first()
        .asString()
        .contains("its port 9090 does not answer after 2 s");
  }

  @Test
  void anImageThatIsMissingIsPulled() throws Exception {
    assertThat(run(Pulled.class)).containsExactly("runs() SUCCESSFUL");
    assertThat(run(Absent.class)).singleElement().asString().contains("kapsel/none");
  }
}
