package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What people do with Docker and Podman, with Kapsel as the runtime below. */
interface DockerLikeContract {
  int MANY = 50;

  DockerLike client();

  /** Lets the client look at a container's health now, where nobody does that by himself. */
  void checkHealth(String name);

  @Test
  default void kapselRunsTheContainers() {
    client().detached("c1", List.of(), "/bin/sleep", "1000");
    String group = HostFiles.read("/proc/" + client().pid("c1") + "/cgroup");
    assertThat(group).contains(CallerTest.group);
    assertThat(EndToEnd.product.engine()).isNotZero();
  }

  @Test
  default void aDetachedContainerIsLoggedAndGivesItsExitCode() {
    client().detached("c1", List.of(), "/bin/sh", "-c", "echo out; echo err >&2; exit 3");

    assertThat(client().call("wait", "c1").ok().line()).isEqualTo("3");
    Result logs = client().call("logs", "c1").ok();
    assertThat(logs.out()).isEqualTo("out\n");
    assertThat(logs.err()).isEqualTo("err\n");
    assertThat(client().inspect("c1", "{{.State.Status}} {{.State.ExitCode}}"))
        .isEqualTo("exited 3");
  }

  @Test
  default void anAttachedContainerHasTheCallersStreams() {
    Result result =
        client()
            .running(List.of("--rm", "-i"), "/bin/sh", "-c", "cat; echo err >&2; exit 7")
            .input("typed")
            .run();

    assertThat(result.exitCode()).isEqualTo(7);
    assertThat(result.out()).isEqualTo("typed");
    assertThat(result.err()).contains("err\n");
  }

  @Test
  default void anInteractiveContainerHasATerminal() {
    new Expect(EndToEnd.product)
        .run(
            """
            spawn %s --rm -it %s /bin/sh
            want {# }
            send "tty; stty size; echo in-\\$((40 + 2))\\r"
            want {/dev/(pts/0|console)}
            want {in-42}
            send "sleep 1000\\r"
            sleep 0.5
            send "\\003"
            want {# }
            send "exit 4\\r"
            ends 4
            """
                .formatted(client().spawn(), CallerTest.IMAGE));
  }

  @Test
  default void moreProgramsRunInAContainer() {
    client().detached("c1", List.of("-e", "FIRST=1"), "/bin/sleep", "1000");

    Result result =
        client()
            .call(
                "exec",
                "-e",
                "A=2",
                "-w",
                "/tmp",
                "-u",
                "1000",
                "c1",
                "/bin/sh",
                "-c",
                "echo $FIRST $A $PWD $(id -u); exit 5");
    assertThat(result.line()).isEqualTo("1 2 /tmp 1000");
    assertThat(result.exitCode()).isEqualTo(5);
    assertThat(client().call("exec", "c1", "/bin/nope").exitCode())
        .isIn(126, 127); // as Docker 20 and Podman say it
    assertThat(client().command("exec", "-i", "c1", "/bin/cat").input("typed").run().out())
        .isEqualTo("typed");
    client().call("exec", "-d", "c1", "/bin/touch", "/made").ok();
    Await.until(
        "it ran in the background",
        () -> client().call("exec", "c1", "/bin/test", "-e", "/made").exitCode() == 0);
  }

  @Test
  default void anExecutedProgramHasATerminal() {
    client().detached("c1", List.of(), "/bin/sleep", "1000");
    new Expect(EndToEnd.product)
        .run(
            """
            spawn %s exec -it c1 /bin/sh
            want {# }
            send "stty size; echo in-\\$((40 + 2))\\r"
            want {24 80}
            want {in-42}
            send "exit 6\\r"
            ends 6
            """
                .formatted(String.join(" ", client().prefix())));
  }

  @Test
  default void programsThatCannotBeExecutedHaveTheirExitCodes() {
    assertThat(client().run(List.of(), "/bin/nope").exitCode()).isEqualTo(127);
    assertThat(client().run(List.of(), "nope").exitCode()).isEqualTo(127);
    assertThat(client().run(List.of(), "/bin/not-executable").exitCode()).isEqualTo(126);
    assertThat(client().run(List.of(), "/etc").exitCode()).isEqualTo(126);
    assertThat(client().containers()).isEmpty();
  }

  @Test
  default void limitsAreWhereTheKernelReadsThemAndCanBeChanged() {
    client()
        .detached(
            "c1",
            List.of(
                "--memory",
                "64m",
                "--memory-swap",
                "64m",
                "--cpu-quota",
                "50000",
                "--pids-limit",
                "20"),
            "/bin/sleep",
            "1000");
    Cgroup cgroup = client().cgroup("c1");

    assertThat(cgroup.read("memory.max", "memory.limit_in_bytes")).isEqualTo("67108864");
    assertThat(cgroup.read("cpu.max", "cpu.cfs_quota_us")).startsWith("50000");
    assertThat(cgroup.read("pids.max")).isEqualTo("20");
    assertThat(client().call("exec", "c1", "/bin/probe", "burn", "forks", "100").line())
        .endsWith(" EAGAIN");

    update("--memory", "128m", "--memory-swap", "128m", "--cpu-quota", "25000");
    assertThat(cgroup.read("memory.max", "memory.limit_in_bytes")).isEqualTo("134217728");
    assertThat(cgroup.read("cpu.max", "cpu.cfs_quota_us")).startsWith("25000");
    assertThat(cgroup.read("pids.max")).isEqualTo("20");
  }

  private void update(String... flags) {
    List<String> words = new java.util.ArrayList<>(List.of("update"));
    words.addAll(List.of(flags));
    words.add("c1");
    client().call(words.toArray(String[]::new)).ok();
  }

  @Test
  default void whoeverEatsTooMuchMemoryIsKilled() {
    client()
        .detached(
            "c1",
            List.of("--memory", "32m", "--memory-swap", "32m"),
            "/bin/probe",
            "burn",
            "memory",
            "200");

    assertThat(client().call("wait", "c1").ok().line()).isEqualTo("137");
  }

  @Test
  default void aPausedContainerStandsStill() {
    client()
        .detached(
            "c1",
            List.of(),
            "/bin/sh",
            "-c",
            "i=0; while :; do i=$((i+1)); echo $i > /count; sleep 0.02; done");
    String count = "/proc/" + client().pid("c1") + "/root/count";
    Await.until("it counts", () -> !HostFiles.read(count).isEmpty());

    client().call("pause", "c1").ok();
    assertThat(client().inspect("c1", "{{.State.Status}}")).isEqualTo("paused");
    assertThat(client().cgroup("c1").read("freezer.state", "cgroup.freeze")).isIn("FROZEN", "1");
    String then = HostFiles.read(count);
    sleep(300);
    assertThat(HostFiles.read(count)).isEqualTo(then);

    client().call("unpause", "c1").ok();
    Await.until("it counts on", () -> !HostFiles.read(count).equals(then));
  }

  /** Something is not to happen: there is no event to wait for. */
  private static void sleep(long millis) {
    java.util.concurrent.locks.LockSupport.parkNanos(millis * 1_000_000);
  }

  @Test
  default void signalsArrive() {
    client()
        .detached(
            "c1",
            List.of(),
            "/bin/sh",
            "-c",
            "trap 'echo usr1' USR1; trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done");
    Await.until("it is ready", () -> client().call("logs", "c1").out().contains("ready"));

    client().call("kill", "--signal", "USR1", "c1").ok();
    Await.until("the signal came", () -> client().call("logs", "c1").out().contains("usr1"));
    client().call("stop", "c1").ok();
    assertThat(client().inspect("c1", "{{.State.ExitCode}}")).isEqualTo("9");

    client().detached("d1", List.of(), "/bin/sleep", "1000");
    client().call("kill", "d1").ok();
    assertThat(client().call("wait", "d1").ok().line()).isEqualTo("137");
    assertThat(client().call("kill", "d1").exitCode()).isNotZero();
  }

  @Test
  default void aContainerRunsAgainAfterARestart() {
    client().detached("c1", List.of(), "/bin/sh", "-c", "echo started; exec sleep 1000");
    long first = client().pid("c1");
    client().call("restart", "--time", "0", "c1").ok();

    assertThat(client().pid("c1")).isNotEqualTo(first);
    assertThat(HostFiles.alive(first)).isFalse();
    Await.until(
        "it says so again", () -> client().call("logs", "c1").out().equals("started\nstarted\n"));
  }

  @Test
  default void aContainerThatFailsIsStartedAgainAsOftenAsWasAsked() {
    client()
        .detached(
            "c1", List.of("--restart", "on-failure:2"), "/bin/sh", "-c", "echo failed; exit 1");

    Await.until(
        java.time.Duration.ofSeconds(30),
        () -> client().call("inspect", "c1").out(),
        () ->
            client().call("logs", "c1").out().equals("failed\n".repeat(3))
                && client().inspect("c1", "{{.State.Status}}").equals("exited"));
    assertThat(client().inspect("c1", "{{.RestartCount}}")).isEqualTo("2");
  }

  @Test
  default void healthIsWhatTheCheckSays() {
    client()
        .detached(
            "c1",
            List.of(
                "--health-cmd",
                "/bin/test -e /healthy",
                "--health-interval",
                "1s",
                "--health-retries",
                "1"),
            "/bin/sleep",
            "1000");
    awaitHealth("unhealthy");
    client().call("exec", "c1", "/bin/touch", "/healthy").ok();
    awaitHealth("healthy");
  }

  private void awaitHealth(String health) {
    Await.until(
        java.time.Duration.ofSeconds(20),
        () -> client().inspect("c1", "{{.State}}"),
        () -> {
          checkHealth("c1");
          return client().inspect("c1", "{{.State.Health.Status}}").equals(health);
        });
  }

  @Test
  default void aReadOnlyRootCannotBeWrittenTo() {
    Result result =
        client()
            .run(
                List.of("--read-only", "--tmpfs", "/tmp"),
                "/bin/sh",
                "-c",
                "touch /tmp/x && touch /x");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("/x: Read-only file system");
  }

  @Test
  default void volumesShowTheHostsFiles() {
    HostFiles.write(CallerTest.home.resolve("volume/file"), "shared");
    Result result =
        client()
            .run(
                List.of("--volume", CallerTest.home.resolve("volume") + ":/data:ro"),
                "/bin/sh",
                "-c",
                "cat /data/file; touch /data/new");

    assertThat(result.out()).isEqualTo("shared");
    assertThat(result.err()).contains("Read-only file system");
  }

  @Test
  default void aContainerIsConfined() {
    List<String> lines =
        client()
            .run(
                List.of("--security-opt", "no-new-privileges", "--cap-drop", "CHOWN"),
                "/bin/grep",
                "-E",
                "^(CapEff|NoNewPrivs|Seccomp):",
                "/proc/self/status")
            .ok()
            .lines();

    assertThat(lines).contains("NoNewPrivs:\t1", "Seccomp:\t2");
    assertThat(lines.getFirst()).startsWith("CapEff:\t00000000").endsWith("a");
  }

  @Test
  default void aContainerHasAUserNamespace() {
    assertThat(withUserNamespace("/bin/cat", "/proc/self/uid_map").ok().line().trim())
        .matches("0 +[1-9][0-9]+ +65536");
    assertThat(withUserNamespace("/bin/stat", "-c", "%u:%g", "/bin/busybox").ok().line())
        .isEqualTo("0:0");
    assertThat(withUserNamespace("/bin/sh", "-c", "mount -t tmpfs t /tmp").exitCode()).isNotZero();
  }

  /** Runs a program where root is nobody on the host. */
  Result withUserNamespace(String... program);

  @Test
  default void fiftyContainersRunAtOnce() throws Exception {
    List<String> names = IntStream.range(0, MANY).mapToObj(i -> "n" + i).toList();
    AtOnce.run(
        names,
        name ->
            client()
                .detached(name, List.of(), "/bin/sh", "-c", "echo " + name + "; exec sleep 1000"));

    assertThat(client().call("ps", "--quiet").ok().lines()).hasSize(MANY);
    for (String name : names) {
      Await.until(name + " is logged", () -> client().call("logs", name).out().equals(name + "\n"));
    }
    // One after the other: Docker's networking may wait for itself when many go at once.
    names.forEach(client()::remove);
    assertThat(client().containers()).isEmpty();
  }
}
