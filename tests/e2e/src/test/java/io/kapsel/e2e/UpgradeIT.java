package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Another version takes over from an engine, and gives back to it (row F11). */
class UpgradeIT {
  private static final int COUNT = 20;
  private static final String PORT = TwoHosts.HOST + ":8080";

  private static TwoHosts hosts;
  private static Path other;

  @BeforeAll
  static void make() {
    hosts = new TwoHosts();
    other = Installation.copied(hosts.product).prefix();
  }

  @AfterAll
  static void leavesNothing() {
    hosts.close();
  }

  private static List<String> pids() {
    return List.of(
        hosts
            .product
            .kapsel("inspect", "-f", "{{.Name}} {{.State.Pid}} {{.RestartCount}}", "web", "talk")
            .ok()
            .out(),
        hosts.product.kapsel("ps", "-q", "--no-trunc").ok().out());
  }

  /** The next lines of whoever counts, none left out. */
  private static int counted(BufferedReader from, int last) throws IOException {
    for (int i = 1; i <= 20; i++) {
      assertThat(from.readLine()).isEqualTo(Integer.toString(last + i));
    }
    return last + 20;
  }

  private static void answers(String when) {
    assertThat(hosts.onNeighbour(TwoHosts.get(PORT))).as(when).startsWith("web sees");
  }

  @Test
  void programsAttachedClientsAndPublishedPortsGoOn() throws IOException {
    hosts.server("web", "-p", "8080:80", "--restart", "always");
    for (int i = 0; i < COUNT; i++) {
      hosts.kapsel("run", "-d", "--name", "idle" + i, TestRoot.reference(), "/bin/sleep", "1000");
    }
    String count = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done";
    Process client =
        hosts
            .product
            .command("run", "--name", "talk", TestRoot.reference(), "/bin/sh", "-c", count)
            .start();
    try (BufferedReader talk = client.inputReader()) {
      int last = counted(talk, 0);
      List<String> before = pids();
      for (Path next : List.of(other, Product.DIST)) {
        hosts.product.stopEngine();
        answers("nobody serves");
        last = counted(talk, last);
        hosts.product.by(next).kapsel("ps").ok();

        assertThat(HostFiles.read("/proc/" + hosts.product.engine() + "/cmdline"))
            .contains(next.toString());
        assertThat(pids()).isEqualTo(before);
        answers("by " + next);
        last = counted(talk, last);
        hosts.product.by(next).kapsel("exec", "idle7", "/bin/true").ok();
      }
      hosts.kapsel("kill", "talk");
    } finally {
      client.destroyForcibly();
      hosts.clear();
    }
  }

  /** Every byte of a directory, by name. */
  private static String content(Path of) {
    return Command.of("sh", "-c", "find \"$0\" -type f | sort | xargs sha256sum", of.toString())
        .run()
        .ok()
        .out();
  }

  @Test
  void anOlderVersionRefusesWhatANewerOneHasWrittenAndLeavesIt() throws IOException {
    Product product = hosts.product;
    String id =
        hosts.kapsel("run", "-d", "--name", "kept", TestRoot.reference(), "/bin/sleep", "99");
    hosts.kapsel("create", "--name", "old", TestRoot.reference(), "/bin/true");
    String pid = hosts.kapsel("inspect", "-f", "{{.State.Pid}}", "kept");
    hosts.product.stopEngine();
    Path network = product.state().resolve("networks");
    List<Path> written =
        List.of(
            product.state().resolve("containers").resolve(id).resolve("container.json"),
            network.resolve(HostFiles.names(network).iterator().next()));
    for (Path each : written) {
      byte[] own = HostFiles.bytes(each);
      Files.writeString(
          each,
          new String(own, java.nio.charset.StandardCharsets.UTF_8)
              .replaceFirst("\"schema\":\\d+", "\"schema\":77"));
      String before = content(product.state());

      Result refused = product.kapsel("ps");

      assertThat(refused.exitCode()).isEqualTo(125);
      assertThat(refused.err()).contains("newer version of Kapsel has written");
      assertThat(content(product.state())).isEqualTo(before);
      assertThat(HostFiles.alive(Long.parseLong(pid))).isTrue();
      Files.write(each, own);
    }
    assertThat(hosts.kapsel("inspect", "-f", "{{.State.Pid}}", "kept")).isEqualTo(pid);
    assertThat(product.kapsel("ps", "-a", "--format", "{{.Names}}").ok().lines())
        .containsExactlyInAnyOrder("kept", "old");
    hosts.clear();
  }

  @Test
  void anEngineOfAnotherStateDoesNotTakeOurContainersForItsOwn() {
    hosts.kapsel("run", "-d", "--name", "ours", TestRoot.reference(), "/bin/sleep", "99");
    String pid = hosts.kapsel("inspect", "-f", "{{.State.Pid}}", "ours");
    String elsewhere = hosts.product.home().resolve("elsewhere").toString();

    Result other = hosts.product.command("ps").env("KAPSEL_RUN", elsewhere + "/run").run();
    assertThat(other.exitCode()).isEqualTo(125);
    assertThat(other.err()).contains("another engine is using this state directory");

    hosts.product.stopEngine();
    Result stranger = hosts.product.command("ps").env("KAPSEL_STATE", elsewhere).run();
    assertThat(stranger.exitCode()).isEqualTo(125);
    assertThat(stranger.err())
        .contains(
            "containers of '" + hosts.product.state() + "' run there; use another KAPSEL_RUN");
    assertThat(HostFiles.alive(Long.parseLong(pid))).isTrue();
    assertThat(hosts.kapsel("ps", "--format", "{{.Names}}")).isEqualTo("ours");
    hosts.clear();
  }
}
