package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The OCI runtime as its callers use it. What is expected of ours is expected of runc, too. */
class OciRuntimeIT extends EndToEnd {
  private static OciRuntime runtime(String name, String... program) {
    return new OciRuntime(product, name).program(program);
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void aProgramInTheForegroundHasTheCallersStreamsAndGivesItsExitCode(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/sh", "-c", "cat; echo err >&2; exit 7")) {
      Result result = runtime.command("run", "c").input("typed").run();

      assertThat(result.exitCode()).isEqualTo(7);
      assertThat(result.out()).isEqualTo("typed");
      assertThat(result.err()).endsWith("err\n");
      assertThat(runtime.call("list", "-q").out()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void aCreatedContainerWaitsUntilItIsStartedAndIsNobodysChildButTheReapers(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/sh", "-c", "echo started; exec sleep 1000")) {
      runtime.detached("create", "--pid-file", runtime.file("pid").toString(), "c").ok();
      String pid = runtime.read("pid");

      assertThat(pid).matches("\\d+");
      assertThat(runtime.status("c")).isEqualTo("created");
      assertThat(runtime.read("out")).isEmpty();
      assertThat(HostFiles.read("/proc/" + pid + "/stat").replaceAll(".*\\) \\w (\\d+).*", "$1"))
          .as("the parent")
          .isEqualTo("1\n");

      runtime.call("start", "c").ok();
      Await.until("it runs", () -> runtime.read("out").equals("started\n"));
      assertThat(runtime.status("c")).isEqualTo("running");
      assertThat(runtime.call("start", "c").err())
          .contains("cannot start an already running container");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void theStateNamesWhatCallersLookFor(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/sleep", "1000")) {
      runtime.detached("run", "--detach", "--pid-file", runtime.file("pid").toString(), "c").ok();
      String state = runtime.call("state", "c").ok().out().replaceAll("\\s", "");

      assertThat(state)
          .contains("\"ociVersion\":\"1.0.2")
          .contains("\"id\":\"c\"")
          .contains("\"pid\":" + runtime.read("pid"))
          .contains("\"status\":\"running\"")
          .contains("\"bundle\":\"" + runtime.bundle() + "\"")
          .contains("\"annotations\":{\"org.example\":\"yes\"}");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void killAndDeleteRefuseInTheWordsThatCallersMatch(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/sleep", "1000")) {
      runtime.detached("run", "--detach", "c").ok();

      assertThat(runtime.call("delete", "c").err()).contains("is not stopped: running");
      runtime.call("kill", "c", "KILL").ok();
      Await.until("it has ended", () -> runtime.status("c").equals("stopped"));
      assertThat(runtime.call("kill", "c").err()).contains("container not running");
      assertThat(runtime.call("exec", "c", "true").exitCode()).isEqualTo(255);
      runtime.call("delete", "c").ok();
      assertThat(runtime.call("state", "c").err()).contains("does not exist");
      assertThat(runtime.call("delete", "--force", "c").exitCode()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void aProgramThatIsNotThereIsRefusedWhenItsContainerIsCreated(String name) {
    try (OciRuntime runtime = runtime(name, "nope")) {
      Result missing = runtime.detached("create", "c");
      assertThat(missing.exitCode()).isEqualTo(1);
      assertThat(missing.err()).contains("nope").contains("executable file not found in $PATH");
      assertThat(runtime.call("list", "-q").out()).isEmpty();

      assertThat(runtime.program("/bin/nope").detached("create", "c").err())
          .contains("stat /bin/nope: no such file or directory");
      assertThat(runtime.program("/bin/not-executable").detached("create", "c").err())
          .contains("permission denied");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void execRunsInTheContainerAndGivesTheExitCode(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/sleep", "1000")) {
      runtime.detached("run", "--detach", "c").ok();

      Result result =
          runtime.call(
              "exec",
              "--env",
              "A=1",
              "--cwd",
              "/tmp",
              "--user",
              "1000:3000",
              "c",
              "/bin/sh",
              "-c",
              "echo $A $PWD $(id -u):$(id -g); exit 5");
      assertThat(result.exitCode()).isEqualTo(5);
      assertThat(result.line()).isEqualTo("1 /tmp 1000:3000");
      assertThat(runtime.call("exec", "c", "/bin/sh", "-c", "kill -9 $$").exitCode())
          .isEqualTo(137);
      assertThat(runtime.call("exec", "c", "nope").exitCode()).isEqualTo(255);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void descriptorsThatTheCallerKeepsArriveAndNoOthers(String name) {
    try (OciRuntime runtime =
        runtime(name, "/bin/sh", "-c", "cat <&3; cat <&4; ls /proc/1/fd; true")) {
      Command shell =
          product
              .environment(
                  Command.of(
                      "/bin/sh",
                      "-c",
                      "echo three >3.txt; echo four >4.txt; exec 3<3.txt 4<4.txt 5<4.txt; exec \"$@\"",
                      "sh",
                      name.equals("runc")
                          ? "runc"
                          : Product.DIST.resolve("bin/kapsel-runc").toString(),
                      "--root",
                      runtime.file("root").toString(),
                      "run",
                      "--preserve-fds",
                      "2",
                      "c"))
              .in(runtime.bundle());

      String out = shell.run().ok().out();
      assertThat(out).startsWith("three\nfour\n0\n1\n2\n3\n4\n");
      if (!name.equals("runc")) { // which passed number 5 on, too, for years
        assertThat(out).isEqualTo("three\nfour\n0\n1\n2\n3\n4\n");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void aPausedContainerIsSoUntilItIsResumed(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/sleep", "1000")) {
      runtime.detached("run", "--detach", "c").ok();
      runtime.call("pause", "c").ok();
      assertThat(runtime.status("c")).isEqualTo("paused");
      assertThat(runtime.call("exec", "c", "true").err()).contains("paused container");
      runtime.call("resume", "c").ok();
      assertThat(runtime.status("c")).isEqualTo("running");
      assertThat(runtime.call("ps", "-f", "json", "c").line()).matches("\\[\\d+]");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void anErrorIsOneLineOfJsonInTheLog(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/true")) {
      String log = runtime.file("log.json").toString();
      runtime.call("--log", log, "--log-format", "json", "start", "c");

      assertThat(HostFiles.read(log).strip())
          .matches("\\{.*\"level\":\"error\".*\\}")
          .contains("\"msg\":\"container does not exist\"");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = "kapsel-runc")
  void aContainerIsStartedByAnotherEngineThanTheOneThatMadeIt(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/sh", "-c", "echo started; exec sleep 1000")) {
      runtime.detached("create", "c").ok();
      product.killEngine();

      runtime.call("start", "c").ok();
      Await.until("it runs", () -> runtime.read("out").equals("started\n"));
      product.stopEngine();
      assertThat(runtime.status("c")).isEqualTo("running");
      runtime.call("delete", "--force", "c").ok();
      assertThat(Files.exists(Path.of("/sys/fs/cgroup/unified/c"))).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = "kapsel-runc")
  void ofManyWhoStartAContainerOneWins(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/sleep", "1000")) {
      runtime.detached("create", "c").ok();
      long won =
          java.util.stream.IntStream.range(0, 8)
              .parallel()
              .filter(_ -> runtime.call("start", "c").exitCode() == 0)
              .count();

      assertThat(won).isEqualTo(1);
    }
  }
}
