package io.kapsel.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Logs that are sent somewhere, and what a container gets that does not say where. */
class LogDriversIT extends EndToEnd {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private static void syslog(String name, String address, List<String> options, String script) {
    List<String> words =
        new ArrayList<>(List.of("run", "-d", "--name", name, "--log-driver", "syslog"));
    words.addAll(List.of("--log-opt", "syslog-address=" + address));
    options.forEach(each -> words.addAll(List.of("--log-opt", each)));
    words.addAll(List.of(TestRoot.reference(), "/bin/sh", "-c", script));
    kapsel(words.toArray(String[]::new)).ok();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, LOOPBACK)) {
      return socket.getLocalPort();
    }
  }

  /** Makes both in the product's home, each with the ending {@code .pem}. */
  private static void certificate(String certificate, String key) {
    Command.of(
            "sh",
            "-c",
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=%s -keyout %s.pem"
                    .formatted(certificate, key)
                + " -out %s.pem -addext subjectAltName=IP:127.0.0.1".formatted(certificate))
        .in(product.home())
        .run()
        .ok();
  }

  /** Whoever listens there with the certificate {@code cert} writes what comes to a file. */
  private static Process tls(int port, Path out, String whom) {
    Path home = product.home();
    return Command.of(
            "socat",
            "-u",
            "OPENSSL-LISTEN:%d,fork,reuseaddr,bind=127.0.0.1,cert=%s,key=%s,%s"
                .formatted(port, home.resolve("cert.pem"), home.resolve("key.pem"), whom),
            "OPEN:" + out + ",creat,append")
        .start();
  }

  @Test
  void aSyslogMayAskWhoSendsToIt() throws Exception {
    Path home = product.home();
    certificate("cert", "key");
    certificate("known", "known-key");
    certificate("other", "other-key");
    int port = freePort();
    Path out = home.resolve("received-of-known");
    Process server = tls(port, out, "verify=1,cafile=" + home.resolve("known.pem"));
    try {
      String address = "tcp+tls://127.0.0.1:" + port;
      String trust = "syslog-tls-ca-cert=" + home.resolve("cert.pem");
      syslog("nobody", address, List.of(trust), "echo of nobody");
      for (String who : List.of("other", "known")) {
        String certificate = "syslog-tls-cert=" + home.resolve(who + ".pem");
        String key = "syslog-tls-key=" + home.resolve(who + "-key.pem");
        syslog(who, address, List.of(trust, certificate, key), "echo of " + who);
      }

      Await.until(
          Duration.ofSeconds(30),
          () -> "that of the known one arrives: " + HostFiles.read(out.toString()),
          () -> HostFiles.read(out.toString()).contains(": of known\n"));
      assertThat(HostFiles.read(out.toString()))
          .doesNotContain("of nobody")
          .doesNotContain("of other");
      Result refused =
          tryRun(
              List.of(
                  "--log-driver=syslog",
                  "--log-opt=syslog-address=" + address,
                  "--log-opt=syslog-tls-cert=" + home.resolve("known.pem"),
                  "--log-opt=syslog-tls-key=" + home.resolve("absent.pem")),
              "/bin/true");
      assertThat(refused.exitCode()).isEqualTo(125);
      assertThat(refused.err()).contains("failed to initialize logging driver");
    } finally {
      server.destroy();
    }
  }

  @Test
  void aSyslogBehindTlsHasToBeTheOneThatIsTrusted() throws Exception {
    Path home = product.home();
    certificate("cert", "key");
    int port = freePort();
    Path out = home.resolve("received");
    Process server = tls(port, out, "verify=0");
    try {
      String address = "tcp+tls://127.0.0.1:" + port;
      syslog("stranger", address, List.of(), "echo untrusted");
      String trust = "syslog-tls-ca-cert=" + home.resolve("cert.pem");
      syslog("friend", address, List.of(trust), "echo trusted");
      syslog("careless", address, List.of("syslog-tls-skip-verify=true"), "echo unverified");

      Await.until(
          "both arrive",
          () -> {
            String text = HostFiles.read(out.toString());
            return text.contains(": trusted\n") && text.contains(": unverified\n");
          });
      assertThat(HostFiles.read(out.toString())).doesNotContain("untrusted");
      assertThat(kapsel("logs", "stranger").ok().line()).isEqualTo("untrusted");
      Result refused =
          tryRun(
              List.of(
                  "--log-driver=syslog",
                  "--log-opt=syslog-address=" + address,
                  "--log-opt=syslog-tls-ca-cert=/nowhere.pem"),
              "/bin/true");
      assertThat(refused.exitCode()).isEqualTo(125);
      assertThat(refused.err()).contains("failed to initialize logging driver").contains("nowhere");

      Path gone = Files.copy(home.resolve("cert.pem"), home.resolve("gone.pem"));
      syslog("orphan", address, List.of("syslog-tls-ca-cert=" + gone), "exec sleep 600");
      Files.delete(gone);
      product.killEngine();
      assertThat(kapsel("ps", "--format", "{{.Names}}").ok().lines()).contains("orphan");
    } finally {
      server.destroy();
    }
  }

  @Test
  void anEndWithoutAnEngineIsSentByTheNext() throws Exception {
    try (DatagramSocket server = new DatagramSocket(0, LOOPBACK)) {
      server.setSoTimeout(30_000);
      syslog(
          "late",
          "udp://127.0.0.1:" + server.getLocalPort(),
          List.of(),
          "mkfifo /go; echo one; read x </go; echo last");
      assertThat(received(server)).endsWith(": one");
      long pid = Long.parseLong(kapsel("inspect", "-f", "{{.State.Pid}}", "late").ok().line());
      Path go = Path.of("/proc/" + pid + "/root/go");
      product.killEngine();
      Files.writeString(go, "x\n");
      Await.until("it ends", () -> !HostFiles.alive(pid));

      kapsel("ps").ok();

      String next = received(server);
      assertThat(next.endsWith(": one") ? received(server) : next).endsWith(": last");
    }
  }

  private static String received(DatagramSocket server) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[2000], 2000);
    server.receive(packet);
    return new String(packet.getData(), 0, packet.getLength(), UTF_8);
  }

  @Test
  void whatFindsNoRoomToWaitIsDroppedWhereThatIsAskedFor() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 5, LOOPBACK)) {
      server.setSoTimeout(30_000);
      String script =
          "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo line $i of many many many; done";
      syslog(
          "fast",
          "tcp://127.0.0.1:" + server.getLocalPort(),
          List.of("mode=non-blocking", "max-buffer-size=4k"),
          script);
      try (Socket slow = server.accept()) {
        slow.setSoTimeout(60_000);
        kapsel("wait", "fast").ok();
        BufferedReader in = new BufferedReader(new InputStreamReader(slow.getInputStream(), UTF_8));
        List<String> lines = in.lines().toList(); // until all that waited was sent

        assertThat(lines.getFirst()).endsWith(": line 1 of many many many");
        assertThat(lines).hasSizeBetween(10, 59_999).doesNotHaveDuplicates();
      }
      assertThat(kapsel("logs", "fast").ok().lines()).hasSize(60_000);
    }
  }

  @Test
  void anEngineHasALogForThoseWhoNameNone() {
    try (Product other = Product.fresh()) {
      Path file = other.home().resolve("kapsel.conf");
      HostFiles.write(file, "log-driver = json-file\nlog-opts = max-size=1m max-file=2\n");
      String form = "{{.HostConfig.LogConfig.Type}} {{json .HostConfig.LogConfig.Config}}";
      create(other, file, "plain");
      create(other, file, "more", "--log-opt", "max-file=3");
      create(other, file, "own", "--log-driver", "local");

      assertThat(other.kapsel("inspect", "-f", form, "plain", "more", "own").ok().lines())
          .containsExactly(
              "json-file {\"max-file\":\"2\",\"max-size\":\"1m\"}",
              "json-file {\"max-file\":\"3\",\"max-size\":\"1m\"}",
              "local {}");
      other.kapsel("start", "plain").ok();
      other.kapsel("wait", "plain").ok();
      String path = other.kapsel("inspect", "-f", "{{.LogPath}}", "plain").ok().line();
      assertThat(path).endsWith("-json.log");
      assertThat(HostFiles.read(path)).contains("\"log\":\"hello\\n\"");
      assertThat(other.kapsel("inspect", "-f", "{{.LogPath}}", "own").ok().line()).isEmpty();

      HostFiles.write(file, "log-driver = none\nlog-opts = max-size=1m\n");
      Result checked = other.kapsel("config", "--check", file.toString());
      assertThat(checked.exitCode()).isEqualTo(1);
      assertThat(checked.err())
          .contains("kapsel.conf:1")
          .contains("invalid logging opts for driver none");
    }
  }

  private static void create(Product engine, Path file, String name, String... flags) {
    List<String> words = new ArrayList<>(List.of("create", "--name", name));
    words.addAll(List.of(flags));
    words.addAll(List.of(TestRoot.reference(), "/bin/echo", "hello"));
    engine.command(words.toArray(String[]::new)).env("KAPSEL_CONFIG", file.toString()).run().ok();
  }
}
