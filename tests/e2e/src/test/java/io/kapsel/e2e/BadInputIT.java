package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests and root file systems that are made to hurt (rows C1, C4 to C6, C10 to C13). */
class BadInputIT extends EndToEnd {
  private static void refused(Result result, String named) {
    assertThat(result.exitCode()).as(result.toString()).isEqualTo(125);
    assertThat(result.err()).startsWith("kapsel: ").contains(named).doesNotContain("Exception");
    assertThat(kapsel("ps", "-aq").ok().out()).isEmpty();
    assertThat(product.containersOnDisk()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/proc", "/proc/self/attr", "/proc/sys/kernel"})
  void mountsOverWhatIsOursAreRefused(String target) {
    refused(tryRun(List.of("-v", product.home() + ":" + target), "/bin/true"), target);
  }

  @Test
  void aMountTargetThatIsALinkStaysInside() throws Exception {
    Path root = product.home().resolve("linked");
    Command.of("cp", "-a", TestRoot.path().toString(), root.toString()).run().ok();
    Files.createSymbolicLink(root.resolve("link"), Path.of("../../../../../../tmp"));
    Path source = product.home().resolve("source");
    HostFiles.write(source.resolve("marker"), "here\n");

    Result result =
        kapsel(
                "run",
                "--rm",
                "-v",
                source + ":/link/sub",
                "dir:" + root,
                "/bin/cat",
                "/tmp/sub/marker")
            .ok();

    assertThat(result.out()).isEqualTo("here\n");
    assertThat(Path.of("/tmp/sub")).doesNotExist();
  }

  @Test
  void rootsWithOddSystemDirectoriesAreContained() throws Exception {
    Path root = product.home().resolve("odd");
    Command.of("cp", "-a", TestRoot.path().toString(), root.toString()).run().ok();
    for (String name : List.of("proc", "sys", "dev")) {
      Files.deleteIfExists(root.resolve(name));
      Files.createSymbolicLink(root.resolve(name), product.home());
    }
    Files.delete(root.resolve("etc/group"));
    Files.createSymbolicLink(root.resolve("etc/hostname"), Path.of("/etc/passwd"));

    Result result =
        kapsel(
            "run",
            "--rm",
            "dir:" + root,
            "/bin/sh",
            "-c",
            "test -e /proc/self/status && ls /dev/null");

    assertThat(result.exitCode()).as(result.toString()).isIn(0, 125);
    assertThat(HostFiles.names(product.home())).doesNotContain("self", "null", "pts", "kernel");
  }

  @Test
  void aRootThatIsALinkIsFollowedOnceAndAFileIsRefused() throws Exception {
    Path link = product.home().resolve("rootlink");
    Files.createSymbolicLink(link, TestRoot.path());

    assertThat(kapsel("run", "--rm", "dir:" + link, "/bin/echo", "in").ok().line()).isEqualTo("in");
    refused(kapsel("run", "--rm", "dir:/etc/passwd", "/bin/true"), "/etc/passwd");
    refused(kapsel("run", "--rm", "dir:/does/not/exist", "/bin/true"), "/does/not/exist");
  }

  @Test
  void theSameRootServesTwoContainersAtOnce() {
    kapsel(
            "run",
            "-d",
            "--name",
            "first",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            "echo 1 > /mine; sleep 100")
        .ok();

    assertThat(sh("test -e /mine || echo apart")).isEqualTo("apart");
  }

  @ParameterizedTest
  @CsvSource({
    "kernel.panic",
    "vm.swappiness",
    "kernel/panic",
    "net.ipv4/../../kernel.panic",
    "kernel.hostname"
  })
  void settingsThatAreNotNamespacedAreRefused(String key) {
    refused(tryRun(List.of("--sysctl", key + "=1"), "/bin/true"), "kernel");
  }

  @Test
  void settingsOfTheHostsNetworkAreRefused() {
    refused(
        tryRun(List.of("--network", "host", "--sysctl", "net.ipv4.ip_forward=1"), "/bin/true"),
        "net.ipv4.ip_forward");
  }

  @Test
  void tooLongArgumentsAreRefusedClearly() {
    Result result = tryRun(List.of(), "/bin/echo", "x".repeat(131_072 - 1));

    assertThat(result.exitCode()).as(result.err()).isIn(0, 125, 126);
    Result environment =
        tryRun(List.of("-e", "A=" + "x".repeat(131_000)), "/bin/sh", "-c", "echo ${#A}");
    assertThat(environment.ok().line()).isEqualTo("131000");
  }

  @Test
  void manyArgumentsArrive() {
    List<String> words = new ArrayList<>(List.of("/bin/sh", "-c", "echo $#", "sh"));
    for (int i = 0; i < 5_000; i++) {
      words.add("argument-" + i);
    }

    assertThat(run(words.toArray(String[]::new)).line()).isEqualTo("5000");
  }

  @Test
  void anEmptyCommandIsRefused() {
    Result empty = tryRun(List.of(), "");
    assertThat(empty.exitCode()).isIn(125, 126, 127);
    assertThat(empty.err()).startsWith("kapsel: ");
  }

  @Test
  void emptyArgumentsAreKept() {
    assertThat(run("/bin/sh", "-c", "echo $# \"[$1]\"", "sh", "", "b").line()).isEqualTo("2 []");
  }

  @Test
  void hostNamesHaveALimit() {
    assertThat(sh(List.of("-h", "h".repeat(63)), "hostname")).hasSize(63);
    refused(tryRun(List.of("-h", "h".repeat(65)), "/bin/true"), "hhh");
    refused(tryRun(List.of("-h", "a\nb"), "/bin/true"), "host");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "[]",
        "{\"defaultAction\": \"SCMP_ACT_NOPE\"}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"mkdir\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": [{\"index\": 6, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]}]}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"mkdir\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_ODD\"}]}]}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"mkdir\"], \"action\": \"SCMP_ACT_NOTIFY\"}]}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_TOASTER\"]}",
      })
  void aFilterThatMakesNoSenseIsRefused(String profile) {
    Path file = product.home().resolve("seccomp.json");
    HostFiles.write(file, profile);

    refused(tryRun(List.of("--security-opt", "seccomp=" + file), "/bin/true"), "seccomp");
  }

  @Test
  void aFilterThatKillsEverythingNeverRunsHalf() {
    Path file = product.home().resolve("kill.json");
    HostFiles.write(file, "{\"defaultAction\": \"SCMP_ACT_KILL_PROCESS\", \"syscalls\": []}");

    Result result = tryRun(List.of("--security-opt", "seccomp=" + file), "/bin/echo", "ran");

    assertThat(result.exitCode()).isNotZero();
    assertThat(result.out()).isEmpty();
  }

  @Test
  void capabilitiesAreSpelledAsPeopleDo() {
    assertThat(
            sh(
                List.of("--cap-drop", "all", "--cap-add", "cap_kill"),
                "grep CapEff /proc/self/status"))
        .endsWith("0000000000000020");
  }

  @Test
  void manyMountsWork() {
    List<String> flags = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      flags.addAll(List.of("--tmpfs", "/srv/" + i));
    }

    assertThat(sh(flags, "grep -c /srv/ /proc/self/mountinfo")).isEqualTo("100");
  }

  @Test
  void aMissingAppArmorProfileIsRefused() {
    refused(
        tryRun(List.of("--security-opt", "apparmor=no-such-profile"), "/bin/true"),
        "no-such-profile");
  }

  @Test
  void aRequestThatIsNotOneIsTurnedAway() {
    kapsel("ps").ok();
    String socket = product.run().resolve("kapsel.sock").toString();
    String script =
        """
        import socket, os, sys
        for data in [b'x', b'GET / HTTP/1.1\\r\\n\\r\\n', os.urandom(4096), b'KAPS' + b'\\xff' * 60, b'']:
            s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1])
            s.sendall(data); s.shutdown(socket.SHUT_WR)
            try:
                while s.recv(4096): pass
            except ConnectionResetError: pass
        """;
    long engine = product.engine();
    Command.of("python3", "-c", script, socket).run().ok();

    assertThat(kapsel("ps").ok().lines()).hasSize(1);
    assertThat(product.isEngine(engine)).isTrue();
  }
}
