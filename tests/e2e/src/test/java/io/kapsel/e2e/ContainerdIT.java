package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** containerd and its shim, asked with ctr, with Kapsel as their runtime. */
class ContainerdIT extends CallerTest {
  private static final int MANY = 50;
  private static final String REFERENCE = "docker.io/library/" + IMAGE + ":1";
  private static Process containerd;

  @BeforeAll
  static void start() throws Exception {
    Path configuration = home.resolve("config.toml");
    Files.writeString(
        configuration,
        """
        version = 2
        root = "%1$s/root"
        state = "%1$s/state"
        disabled_plugins = ["io.containerd.grpc.v1.cri"]
        [grpc]
          address = "%1$s/s"
        [ttrpc]
          address = "%1$s/t"
        """
            .formatted(home));
    containerd =
        Command.of(
                "sh",
                "-c",
                "exec containerd --config \"$0\" >\"$1\" 2>&1",
                configuration.toString(),
                home.resolve("log").toString())
            .start();
    Await.until(
        Duration.ofSeconds(20),
        () -> "containerd answers: " + HostFiles.read(home.resolve("log")),
        () -> ctr("version").exitCode() == 0);
    kapsel("import", archive().toString(), IMAGE + ":1").ok();
    kapsel("save", "-o", home.resolve("oci.tar").toString(), IMAGE + ":1").ok();
    ctr("images", "import", home.resolve("oci.tar").toString()).ok();
  }

  @AfterEach
  void removeThem() {
    for (String id : ctr("containers", "list", "--quiet").ok().lines()) {
      ctr("tasks", "delete", "--force", id);
      ctr("containers", "delete", id).ok();
    }
  }

  @AfterAll
  static void end() {
    CallerTest.endDaemon(containerd, home.resolve("log"));
  }

  private static Command command(String... words) {
    List<String> all =
        new ArrayList<>(
            List.of("ctr", "--address", home.resolve("s").toString(), "--namespace", group));
    all.addAll(List.of(words));
    return new Command(all).env("TERM", "xterm");
  }

  private static Result ctr(String... words) {
    return command(words).run();
  }

  private static Command running(List<String> flags, String id, String... program) {
    List<String> words =
        new ArrayList<>(List.of("run", "--runc-binary", installation.runtime().toString()));
    words.addAll(flags);
    words.addAll(List.of(REFERENCE, id));
    words.addAll(List.of(program));
    return command(words.toArray(String[]::new));
  }

  private static Path log(String id) {
    return home.resolve("log-" + id);
  }

  private static void detached(String id, List<String> flags, String... program) {
    HostFiles.delete(log(id));
    List<String> all = new ArrayList<>(List.of("--detach", "--log-uri", "file://" + log(id)));
    all.addAll(flags);
    running(all, id, program).run().ok();
  }

  private static long pid(String id) {
    return Long.parseLong(line(id)[1]);
  }

  private static String status(String id) {
    return line(id)[2];
  }

  private static String[] line(String id) {
    return ctr("tasks", "list").ok().lines().stream()
        .map(line -> line.trim().split("\\s+"))
        .filter(parts -> parts[0].equals(id))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no task " + id));
  }

  /**
   * ctr may miss the end of its input, with runc as well, so the program does not wait for that.
   */
  @Test
  void anAttachedContainerHasTheCallersStreamsAndGivesItsExitCode() {
    Result result =
        running(List.of("--rm"), "c", "/bin/sh", "-c", "read x; echo $x; echo err >&2; exit 7")
            .input("typed\n")
            .run();

    assertThat(result.exitCode()).isEqualTo(7);
    assertThat(result.out()).isEqualTo("typed\n");
    assertThat(result.err()).contains("err\n");
  }

  @Test
  void anInteractiveContainerHasATerminal() {
    List<String> words = new ArrayList<>(List.of("ctr", "--address", home.resolve("s").toString()));
    words.addAll(List.of("--namespace", group, "run", "--rm", "--tty", "--runc-binary"));
    words.addAll(List.of(installation.runtime().toString(), REFERENCE, "c", "/bin/sh"));
    new Expect(product)
        .run(
            """
            spawn %s
            want {# }
            send "stty size; echo in-\\$((40 + 2))\\r"
            want {24 80}
            want {in-42}
            send "exit 4\\r"
            ends 4
            """
                .formatted(String.join(" ", words)));
  }

  @Test
  void aDetachedContainerIsLogged() {
    detached("c", List.of(), "/bin/sh", "-c", "echo out; exec sleep 1000");

    Await.until("it is logged", () -> HostFiles.read(log("c")).equals("out\n"));
    assertThat(status("c")).isEqualTo("RUNNING");
    assertThat(HostFiles.read("/proc/" + pid("c") + "/cgroup")).contains(group + "/c");
  }

  @Test
  void moreProgramsRunInAContainer() {
    detached("c", List.of(), "/bin/sleep", "1000");
    Result result =
        ctr(
            "tasks",
            "exec",
            "--exec-id",
            "e",
            "--cwd",
            "/tmp",
            "--user",
            "1000",
            "c",
            "/bin/sh",
            "-c",
            "echo $PWD $(id -u); exit 5");

    assertThat(result.line()).isEqualTo("/tmp 1000");
    assertThat(result.exitCode()).isEqualTo(5);
    assertThat(ctr("tasks", "exec", "--exec-id", "e", "c", "/bin/nope").err())
        .contains("no such file or directory");
    assertThat(ctr("tasks", "ps", "c").ok().lines()).hasSize(2);
  }

  @Test
  void limitsAreWhereTheKernelReadsThem() {
    detached("c", List.of("--memory-limit", "67108864", "--cpus", "0.5"), "/bin/sleep", "1000");
    Cgroup cgroup = new Cgroup(pid("c"));

    assertThat(cgroup.read("memory.max", "memory.limit_in_bytes")).isEqualTo("67108864");
    assertThat(cgroup.read("cpu.max", "cpu.cfs_quota_us")).startsWith("50000");
    assertThat(ctr("tasks", "metrics", "c").ok().out()).contains("memory.usage_in_bytes");
  }

  @Test
  void aPausedContainerStandsStill() {
    detached("c", List.of(), "/bin/sleep", "1000");

    ctr("tasks", "pause", "c").ok();
    assertThat(status("c")).isEqualTo("PAUSED");
    assertThat(new Cgroup(pid("c")).read("freezer.state", "cgroup.freeze")).isIn("FROZEN", "1");
    ctr("tasks", "resume", "c").ok();
    assertThat(status("c")).isEqualTo("RUNNING");
  }

  @Test
  void aContainerIsKilledAndRunsAgain() {
    detached("c", List.of(), "/bin/sh", "-c", "echo started; exec sleep 1000");
    long first = pid("c");

    ctr("tasks", "kill", "--signal", "SIGKILL", "c").ok();
    Await.until("it has ended", () -> status("c").equals("STOPPED"));
    assertThat(HostFiles.alive(first)).isFalse();
    ctr("tasks", "delete", "c").ok();

    ctr("tasks", "start", "--detach", "--log-uri", "file://" + log("c"), "c").ok();
    assertThat(pid("c")).isNotEqualTo(first);
    Await.until("it says so again", () -> HostFiles.read(log("c")).equals("started\nstarted\n"));
  }

  @Test
  void aReadOnlyRootCannotBeWrittenTo() {
    Result result = running(List.of("--rm", "--read-only"), "c", "/bin/touch", "/x").run();

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("/x: Read-only file system");
  }

  @Test
  void aContainerHasAUserNamespace() {
    List<String> flags =
        List.of("--rm", "--uidmap", "0:200000:65536", "--gidmap", "0:200000:65536");

    assertThat(running(flags, "c", "/bin/cat", "/proc/self/uid_map").run().ok().line().trim())
        .matches("0 +200000 +65536");
    assertThat(running(flags, "d", "/bin/stat", "-c", "%u:%g", "/bin/busybox").run().ok().line())
        .isEqualTo("0:0");
  }

  @Test
  void programsThatCannotBeExecutedAreRefusedInTheWordsThatContainerdReads() {
    Result missing = running(List.of("--rm"), "c", "/bin/nope").run();

    assertThat(missing.exitCode()).isNotZero();
    assertThat(missing.err())
        .contains("OCI runtime create failed")
        .contains("stat /bin/nope: no such file or directory");
    assertThat(ctr("containers", "list", "--quiet").ok().out()).isEmpty();
  }

  @Test
  void fiftyContainersRunAtOnce() throws Exception {
    List<String> names = IntStream.range(0, MANY).mapToObj(i -> "n" + i).toList();
    AtOnce.run(
        names,
        name -> detached(name, List.of(), "/bin/sh", "-c", "echo " + name + "; exec sleep 1000"));

    for (String name : names) {
      Await.until(name + " is logged", () -> HostFiles.read(log(name)).equals(name + "\n"));
    }
    assertThat(ctr("tasks", "list", "--quiet").ok().lines()).hasSize(MANY);
    AtOnce.run(names, name -> ctr("tasks", "delete", "--force", name));
    assertThat(ctr("tasks", "list", "--quiet").ok().lines()).isEmpty();
  }
}
