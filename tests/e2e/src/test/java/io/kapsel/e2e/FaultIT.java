package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever dies, what runs keeps running, and what is dead leaves nothing (rows F2, F3, F6, F8,
 * F14, F17).
 */
class FaultIT {
  private Product product;

  @BeforeEach
  void fresh() {
    product = Product.fresh();
  }

  @AfterEach
  void leavesNothing() {
    product.close();
  }

  private Result kapsel(String... arguments) {
    return product.kapsel(arguments);
  }

  private String start(String name, String script) {
    return kapsel("run", "-d", "--name", name, TestRoot.reference(), "/bin/sh", "-c", script)
        .ok()
        .line();
  }

  /** The pid of the container's first process, on the host. */
  private long pid(String name) {
    String json = kapsel("inspect", name).ok().out();
    return Long.parseLong(json.replaceAll("(?s).*?\"[Pp]id\" ?: ?(\\d+).*", "$1"));
  }

  @Test
  void aContainerOutlivesItsEngineAndItsLogHasNoGap() {
    String counter = "i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo $i; sleep 0.01; done; exit 6";
    start("count", counter);
    product.killEngine();

    assertThat(kapsel("wait", "count").ok().line()).isEqualTo("6");
    assertThat(kapsel("logs", "count").ok().lines())
        .containsExactlyElementsOf(
            java.util.stream.IntStream.rangeClosed(1, 200).mapToObj(Integer::toString).toList());
  }

  @Test
  void anExitWhileNoEngineRunsIsKnownLater() {
    start("late", "sleep 0.5; exit 8");
    long pid = pid("late");
    product.killEngine();
    Await.until("the container ends", () -> !HostFiles.alive(pid));

    assertThat(kapsel("wait", "late").ok().line()).isEqualTo("8");
    assertThat(kapsel("ps", "-a").ok().out()).contains("Exited (8)");
  }

  @Test
  void rmIsDoneAfterARestart() {
    kapsel("run", "-d", "--rm", "--name", "gone", TestRoot.reference(), "/bin/sleep", "0.5").ok();
    long pid = pid("gone");
    product.killEngine();
    Await.until("the container ends", () -> !HostFiles.alive(pid));

    Await.until("it is removed", () -> kapsel("ps", "-aq").ok().out().isEmpty());
    assertThat(product.containersOnDisk()).isEmpty();
  }

  @Test
  void aNewEngineServesExecStopAndAttach() {
    start("keep", "trap 'exit 3' TERM; while :; do sleep 0.05; done");
    product.killEngine();

    assertThat(kapsel("exec", "keep", "/bin/echo", "there").ok().line()).isEqualTo("there");
    kapsel("stop", "keep").ok();
    assertThat(kapsel("wait", "keep").ok().line()).isEqualTo("3");
  }

  @Test
  void anAttachedClientKeepsItsStreams() throws Exception {
    kapsel("ps").ok();
    Process client =
        product
            .command(
                "run",
                "-i",
                "--name",
                "att",
                TestRoot.reference(),
                "/bin/sh",
                "-c",
                "echo ready; read x; echo got $x; exit 4")
            .start();
    assertThat(client.inputReader().readLine()).isEqualTo("ready");
    product.killEngine();
    client.getOutputStream().write("line\n".getBytes(StandardCharsets.UTF_8));
    client.getOutputStream().close();

    assertThat(client.inputReader().readLine()).isEqualTo("got line");
    assertThat(client.waitFor())
        .as("the process's own code, or that of a lost engine")
        .isIn(4, 125);
    assertThat(kapsel("wait", "att").ok().line()).isEqualTo("4");
  }

  @Test
  void aPoliteEndLeavesContainersRunning() {
    start("stay", "sleep 100");
    long pid = pid("stay");
    product.stopEngine();

    assertThat(HostFiles.alive(pid)).isTrue();
    assertThat(kapsel("ps").ok().out()).contains("stay");
    assertThat(pid("stay")).isEqualTo(pid);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aKilledKeeperOrZygoteIsReplaced(boolean isKeeper) {
    start("old", "sleep 100");
    long monitor = HostFiles.parent(pid("old"));
    long keeper = HostFiles.parent(monitor);
    assertThat(HostFiles.parent(keeper)).isEqualTo(product.engine());
    long victim = isKeeper ? keeper : zygote(keeper, monitor);
    Command.of("kill", "-KILL", Long.toString(victim)).run().ok();
    Await.until("it is gone", () -> !HostFiles.alive(victim));

    assertThat(kapsel("run", "--rm", TestRoot.reference(), "/bin/echo", "next").ok().line())
        .isEqualTo("next");
    assertThat(kapsel("ps").ok().out()).contains("old");
  }

  /** The keeper's first child. */
  private static long zygote(long keeper, long monitor) {
    return HostFiles.descendants(keeper).stream()
        .filter(pid -> HostFiles.parent(pid) == keeper && pid != monitor)
        .min(Long::compare)
        .orElseThrow();
  }

  @Test
  void aFullDiskIsAClearError() {
    Product full = Product.fresh();
    Command.of("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", full.state().toString())
        .run()
        .ok();
    try {
      HostFiles.write(full.state().resolve("filler"), "");
      Command.of("dd", "if=/dev/zero", "of=" + full.state().resolve("filler"), "bs=1k").run();
      Result result = full.kapsel("run", "--rm", TestRoot.reference(), "/bin/true");
      assertThat(result.exitCode()).as(result.toString()).isEqualTo(125);
      assertThat(result.err()).containsIgnoringCase("no space left on device");

      Command.of("rm", full.state().resolve("filler").toString()).run().ok();
      assertThat(full.kapsel("run", "--rm", TestRoot.reference(), "/bin/echo", "again").ok().line())
          .isEqualTo("again");
    } finally {
      full.stopEngine();
      Command.of("umount", full.state().toString()).run();
      full.close();
    }
  }

  @Test
  void aFullContainerDoesNotHarmTheEngine() {
    Result result =
        kapsel(
            "run",
            "--rm",
            "--tmpfs",
            "/srv:size=64k",
            TestRoot.reference(),
            "/bin/dd",
            "if=/dev/zero",
            "of=/srv/x",
            "bs=1k");

    assertThat(result.err()).contains("No space left on device");
    assertThat(kapsel("ps", "-aq").ok().out()).isEmpty();
  }

  @Test
  void manySignalsToTheEngineAreOne() {
    start("stay", "sleep 100");
    long engine = product.engine();
    for (int i = 0; i < 5; i++) {
      Command.of("kill", "-TERM", Long.toString(engine)).run();
    }
    Await.until("the engine is gone", () -> !HostFiles.alive(engine));

    assertThat(kapsel("ps").ok().out()).contains("stay");
  }

  @Test
  void stopWithoutPatienceIsBounded() {
    start("deaf", "trap '' TERM; while :; do sleep 0.05; done");
    long begin = System.nanoTime();
    kapsel("stop", "-t", "0", "deaf").ok();

    assertThat(System.nanoTime() - begin).isLessThan(3_000_000_000L);
  }

  @Test
  void variablesThatSteerAJvmDoNotReachTheEngine() {
    Result result =
        product
            .command("run", "--rm", TestRoot.reference(), "/bin/echo", "fine")
            .env("JAVA_TOOL_OPTIONS", "-Xmx1k -javaagent:/nowhere.jar")
            .env("JDK_JAVA_OPTIONS", "-Xbogus")
            .env("_JAVA_OPTIONS", "-Xbogus")
            .env("LD_PRELOAD", "/nowhere.so")
            .run()
            .ok();

    assertThat(result.line()).isEqualTo("fine");
    String environment = HostFiles.read("/proc/" + product.engine() + "/environ");
    assertThat(environment).doesNotContain("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "LD_PRELOAD");
  }

  @Test
  void theEngineOffersNoDoorForTools() {
    kapsel("ps").ok();
    long engine = product.engine();
    assertThat(Path.of("/tmp/hsperfdata_root/" + engine)).doesNotExist();
    Command.of("kill", "-QUIT", Long.toString(engine)).run().ok();
    kapsel("ps").ok();

    assertThat(Path.of("/tmp/.java_pid" + engine)).doesNotExist();
    assertThat(product.isEngine(engine)).isTrue();
  }

  @Test
  void theSocketIsForItsOwnerAlone() {
    kapsel("ps").ok();
    Result result =
        product
            .environment(
                Command.of(
                    "setpriv",
                    "--reuid=65534",
                    "--regid=65534",
                    "--clear-groups",
                    Product.DIST.resolve("bin/kapsel").toString(),
                    "ps"))
            .run();

    assertThat(result.exitCode()).isEqualTo(125);
    assertThat(result.err()).startsWith("kapsel: ").containsIgnoringCase("permission denied");
  }

  @Test
  void manyCommandsLeaveNoDescriptorBehind() {
    kapsel("run", "--rm", TestRoot.reference(), "/bin/true").ok();
    Path descriptors = Path.of("/proc/" + product.engine() + "/fd");
    int before = HostFiles.names(descriptors).size();
    for (int i = 0; i < 60; i++) {
      kapsel("run", "--rm", TestRoot.reference(), "/bin/true").ok();
      kapsel("run", "--rm", TestRoot.reference(), "/bin/nothing");
    }

    Await.until(
        java.time.Duration.ofSeconds(10),
        () -> "descriptors go back to about " + before + ": " + HostFiles.names(descriptors).size(),
        () -> HostFiles.names(descriptors).size() <= before + 20);
  }

  @Test
  void aClientThatVanishesCancels() throws Exception {
    kapsel("ps").ok();
    Process client =
        product
            .command("run", "--rm", "--name", "lost", TestRoot.reference(), "/bin/sleep", "1")
            .start();
    Await.until("it runs", () -> kapsel("ps").ok().out().contains("lost"));
    client.destroyForcibly().waitFor();

    Await.until(
        "the container ends by itself and is removed",
        () -> kapsel("ps", "-aq").ok().out().isEmpty());
  }
}
