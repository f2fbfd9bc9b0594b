package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What callers of an OCI runtime rely on beyond its commands. What our runc of the package archive
 * knows, too, is asked of it as well; what came later is asked of ours alone.
 */
class OciCallsIT extends EndToEnd {
  private static final CgroupParent PARENT = CgroupParent.fresh();

  @AfterAll
  static void removeParent() {
    PARENT.close();
  }

  private static OciRuntime runtime(String name, String... program) {
    return new OciRuntime(product, name).program(program);
  }

  private static OciRuntime ours(String... program) {
    return runtime("kapsel-runc", program);
  }

  /** The same in a terminal, which only its caller's own processes have. */
  private static void inTerminal(OciRuntime runtime, String words) {
    String line = runtime.program() + " --root " + runtime.file("root") + " " + words;
    product
        .environment(Command.of("script", "-qec", line, "/dev/null"))
        .in(runtime.bundle())
        .run()
        .ok();
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void outputOfATerminalEndsItsLinesAsTheProgramDoes(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/sh", "-c", "test -t 1 && echo one && echo two")) {
      runtime.change("\"terminal\":false", "\"terminal\":true");
      inTerminal(runtime, "run c >" + runtime.file("typed"));
      // the terminal also shows the end of its input, wherever that comes
      assertThat(runtime.read("typed").replace("^@", "")).isEqualTo("one\ntwo\n");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void aProcessMayComeFromADescriptorAndNameNoUser(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/sleep", "1000")) {
      runtime.detached("run", "--detach", "c").ok();
      HostFiles.write(
          runtime.file("process.json"),
          "{\"args\":[\"/bin/sh\",\"-c\",\"id -u; echo $HOME\"],\"cwd\":\"/\",\"env\":[\"PATH=/bin\"]}");
      Result result =
          product
              .environment(
                  Command.of(
                      "/bin/sh",
                      "-c",
                      "exec 9<" + runtime.file("process.json") + "; exec \"$@\"",
                      "sh",
                      runtime.program(),
                      "--root",
                      runtime.file("root").toString(),
                      "exec",
                      "--process",
                      "/dev/fd/9",
                      "c"))
              .in(runtime.bundle())
              .run()
              .ok();
      assertThat(result.lines()).containsExactly("0", "/root");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void rootMayEnterADirectoryThatItsProgramMayNot(String name) throws Exception {
    try (OciRuntime runtime = runtime(name, "/bin/sh", "-c", "pwd")) {
      Path closed = Files.createDirectory(runtime.file("closed"));
      Command.of("chmod", "700", closed.toString()).run().ok();
      runtime
          .mount(
              "{\"destination\":\"/srv\",\"type\":\"bind\",\"source\":\""
                  + closed
                  + "\",\"options\":[\"bind\"]}")
          .change("\"uid\":0,\"gid\":0", "\"uid\":1000,\"gid\":1000")
          .change("\"cwd\":\"/\"", "\"cwd\":\"/srv\"")
          .process("\"capabilities\":{}");
      assertThat(runtime.call("run", "c").ok().line()).isEqualTo("/srv");
    }
  }

  @Test
  void processorsAreThoseOfTheGroupAndNotOfTheCaller() {
    try (OciRuntime runtime = ours("/bin/grep", "Cpus_allowed_list", "/proc/self/status")) {
      String all = Command.of("grep", "Cpus_allowed_list", "/proc/self/status").run().ok().line();
      Result result =
          product
              .environment(
                  Command.of(
                      "taskset",
                      "-c",
                      "0",
                      runtime.program(),
                      "--root",
                      runtime.file("root").toString(),
                      "run",
                      "c"))
              .in(runtime.bundle())
              .run()
              .ok();
      assertThat(result.line()).isEqualTo(all);
    }
  }

  @Test
  void aCapabilityThatCannotBeAmbientIsWarnedOf() {
    try (OciRuntime runtime = ours("/bin/grep", "CapAmb", "/proc/self/status")) {
      runtime.process(
          "\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"],"
              + "\"effective\":[\"CAP_KILL\"],\"inheritable\":[\"CAP_KILL\"],"
              + "\"ambient\":[\"CAP_KILL\",\"CAP_CHOWN\"]}");
      Result result = runtime.call("run", "c").ok();
      assertThat(result.line()).endsWith("0000000000000020");
      assertThat(result.err()).contains("can't raise ambient capability CAP_CHOWN: ");
    }
  }

  @Test
  void noProcessAtAllMeansOne() {
    try (OciRuntime runtime = ours("/bin/sleep", "1000")) {
      runtime.linux("\"resources\":{\"pids\":{\"limit\":0}}");
      runtime.detached("run", "--detach", "c").ok();
      runtime.call("update", "--pids-limit", "0", "c").ok();
      assertThat(runtime.call("events", "--stats", "c").ok().out())
          .contains("\"pids\":{\"current\":1,\"limit\":1}");
    }
  }

  @Test
  void aGroupWithProcessesIsRefusedAndLeftAlone() {
    try (OciRuntime runtime = ours("/bin/sleep", "1000")) {
      runtime.linux("\"cgroupsPath\":\"/" + PARENT.name() + "/shared\"");
      runtime.detached("run", "--detach", "c").ok();
      for (String command : List.of("run", "create")) {
        Result second = runtime.detached(command, command.equals("run") ? "-d" : "--no-pivot", "d");
        assertThat(second.exitCode()).isEqualTo(1);
        assertThat(second.err()).contains("container's cgroup is not empty: 1 process(es) found");
      }
      assertThat(runtime.status("c")).isEqualTo("running");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void anUpdateKeepsWhatItDoesNotName(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/sleep", "1000")) {
      String group = "/" + PARENT.name() + "/update-" + name;
      runtime
          .linux(
              "\"resources\":{\"memory\":{\"limit\":33554432},\"cpu\":{\"quota\":50000,\"period\":100000}}")
          .linux("\"cgroupsPath\":\"" + group + "\"");
      runtime.detached("run", "--detach", "c").ok();
      runtime.call("update", "--memory", "50M", "c").ok();
      runtime.call("update", "--memory-swap", "96468992", "c").ok();
      runtime.call("update", "--cpu-quota", "20000", "c").ok();
      assertThat(HostFiles.read("/sys/fs/cgroup/memory" + group + "/memory.limit_in_bytes"))
          .isEqualTo("52428800\n");
      assertThat(HostFiles.read("/sys/fs/cgroup/memory" + group + "/memory.memsw.limit_in_bytes"))
          .isEqualTo("96468992\n");
      assertThat(HostFiles.read("/sys/fs/cgroup/cpu" + group + "/cpu.cfs_period_us"))
          .isEqualTo("100000\n");
    }
  }

  @Test
  void statisticsHaveEveryPartThatReadersKnow() {
    try (OciRuntime runtime = ours("/bin/sleep", "1000")) {
      runtime.change("{\"type\":\"uts\"}", "{\"type\":\"uts\"},{\"type\":\"network\"}");
      runtime.detached("run", "--detach", "c").ok();
      assertThat(runtime.call("events", "--stats", "c").ok().out())
          .contains("\"cpuset\":{\"cpus\":[0,", "\"hugetlb\":{\"", "\"intel_rdt\":{}")
          .contains("\"network_interfaces\":[{\"Name\":\"lo\",\"RxBytes\":0", "\"psi\":{\"some\":{")
          .doesNotContain("\"limit\":-1");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void hooksSeeTheContainersMountsBeforeItIsEntered(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/true")) {
      String script =
          "pid=$(tr -dc 0-9a-z:, | grep -o pid:[0-9]* | cut -d: -f2); nsenter -m -t $pid test -e "
              + TestRoot.path()
              + "/proc/1/status";
      runtime.change(
          "\"annotations\"",
          "\"hooks\":{\"createRuntime\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\""
              + script
              + "\"]}]},\"annotations\"");
      runtime.call("run", "c").ok();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void flagsOfABindMountTakeThePlaceOfItsSources(String name) throws Exception {
    try (OciRuntime runtime =
        runtime(name, "/bin/sh", "-c", "grep ' /srv ' /proc/self/mounts | cut -d' ' -f4")) {
      Path source = Files.createDirectory(runtime.file("source"));
      Command.of("mount", "-t", "tmpfs", "t", source.toString()).run().ok();
      try {
        String flags = "remount,bind,ro,noexec,noatime";
        Command.of("mount", "-o", flags, source.toString()).run().ok();
        runtime.mount(
            "{\"destination\":\"/srv\",\"type\":\"bind\",\"source\":\""
                + source
                + "\",\"options\":[\"bind\",\"nosuid\"]}");
        assertThat(runtime.call("run", "c").ok().line().split(","))
            .contains("rw", "nosuid", "noatime")
            .doesNotContain("ro", "noexec");
        runtime.change("[\"bind\",\"nosuid\"]", "[\"bind\"]");
        assertThat(runtime.call("run", "c").ok().line().split(",")).contains("ro", "noexec");
      } finally {
        Command.of("umount", source.toString()).run().ok();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void aContainerThatHasEndedAtOnceIsStopped(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/true")) {
      runtime.call("run", "--keep", "c").ok();
      assertThat(runtime.status("c")).isEqualTo("stopped");
      runtime.call("delete", "c").ok();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void aSignalEndsAContainerThatIsOnlyCreated(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/sleep", "1000")) {
      runtime.detached("create", "c").ok();
      runtime.call("kill", "c", "TERM").ok();
      Await.until("it has ended", () -> runtime.status("c").equals("stopped"));
    }
  }

  @Test
  void aRootIsSharedWhenItIsToBe() {
    try (OciRuntime runtime = ours("/bin/grep", " / r", "/proc/self/mountinfo")) {
      runtime.linux("\"rootfsPropagation\":\"shared\"");
      assertThat(runtime.call("run", "c").ok().out()).contains(" shared:");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void hooksInTheContainerRunUnderItsFilterWithItsEnvironment(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/true")) {
      runtime
          .change(
              "\"annotations\"",
              "\"hooks\":{\"startContainer\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\","
                  + "\"test $ONE = two && mkdir /dev/shm-of-hook\"]}]},\"annotations\"")
          .change("\"PATH=/bin\"", "\"PATH=/bin\",\"ONE=two\"")
          .linux(
              "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":"
                  + "[{\"names\":[\"mkdir\",\"mkdirat\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}]}");
      Result result = runtime.call("run", "c");
      assertThat(result.exitCode()).isNotZero();
      if (!name.equals("runc")) { // whose hooks had neither then
        assertThat(result.err()).contains("startContainer hook").contains("bad system call");
      }
    }
  }

  @Test
  void beingReadyIsToldToTheCallersServiceManager() throws Exception {
    try (OciRuntime runtime = ours("/bin/sleep", "1000")) {
      String manager = runtime.file("manager.sock").toString();
      String told = runtime.file("told").toString();
      Process listener = listening(manager, told);
      Process caller = null;
      try {
        Await.until("somebody listens", () -> Files.exists(Path.of(manager)));
        caller = runDetached(runtime, manager);
        Await.until("it runs", () -> runtime.call("state", "c").out().contains("running"));
        String state = runtime.call("state", "c").ok().out();
        String pid = state.replaceAll("(?s).*\"pid\"\\s*:\\s*(\\d+).*", "$1");
        String inside = "/proc/" + pid + "/root/run/notify/notify.sock";
        Await.until("its socket is there", () -> Files.exists(Path.of(inside)));
        assertThat(caller.isAlive()).as("the caller waits until it is ready").isTrue();
        sendReady(inside);
        String all = "READY=1\nMAINPID=" + pid + "\n";
        Await.until("the manager is told", () -> HostFiles.read(told).equals(all));
      } finally {
        listener.destroyForcibly();
        if (caller != null) {
          caller.destroyForcibly();
        }
      }
    }
  }

  private static Process listening(String socket, String file) {
    return Command.of(
            "perl",
            "-MIO::Socket::UNIX",
            "-MIO::Handle",
            "-e",
            "$s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]);"
                + " open $f, '>', $ARGV[1]; $f->autoflush;"
                + " for (1..2) { $s->recv($m, 4096); $m =~ s/\\n*$/\\n/; print $f $m }",
            socket,
            file)
        .start();
  }

  /** The container's streams are files, or it would keep ours. */
  private static Process runDetached(OciRuntime runtime, String manager) {
    String line =
        "exec %s --root %s run --detach c </dev/zero >%s 2>&1"
            .formatted(runtime.program(), runtime.file("root"), runtime.file("out"));
    return product
        .environment(Command.of("/bin/sh", "-c", line))
        .in(runtime.bundle())
        .env("NOTIFY_SOCKET", manager)
        .start();
  }

  private static void sendReady(String socket) {
    Command.of(
            "perl",
            "-MIO::Socket::UNIX",
            "-e",
            "IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $ARGV[0])"
                + "->send(\"STATUS=x\\nREADY=1\\n\") or die",
            socket)
        .run()
        .ok();
  }

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-runc", "runc"})
  void theVersionNamesACommit(String name) {
    try (OciRuntime runtime = runtime(name, "/bin/true")) {
      assertThat(runtime.call("--version").ok().lines().getFirst()).startsWith("runc version ");
      assertThat(runtime.call("--version").ok().lines().get(1)).startsWith("commit: ");
    }
  }
}
