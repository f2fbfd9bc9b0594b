package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Create, start, stop, kill, remove, in every order that makes sense and some that do not. */
class LifecycleIT extends EndToEnd {
  private static String idle(String name) {
    return kapsel("run", "-d", "--name", name, TestRoot.reference(), "/bin/sleep", "100")
        .ok()
        .line();
  }

  @Test
  void aCreatedContainerIsStartedLater() {
    String id =
        kapsel("create", "--name", "cc", TestRoot.reference(), "/bin/echo", "hi").ok().line();
    assertThat(id).matches("[0-9a-f]{64}");
    assertThat(kapsel("ps", "-a").ok().out()).contains("Created");

    assertThat(kapsel("start", "-a", "cc").ok().out()).isEqualTo("hi\n");
    assertThat(kapsel("ps", "-a").ok().out()).contains("Exited (0)");
  }

  @Test
  void aStoppedContainerStartsAgainWithItsFiles() {
    kapsel(
            "run",
            "--name",
            "again",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            "echo x >> /count; wc -l < /count")
        .ok();

    assertThat(kapsel("start", "-a", "again").ok().line()).isEqualTo("2");
  }

  @Test
  void changesStayInTheContainer() {
    sh("echo new > /etc/new; rm /etc/group; echo changed > /etc/passwd");

    assertThat(HostFiles.names(TestRoot.path().resolve("etc")))
        .contains("group", "passwd")
        .doesNotContain("new");
    assertThat(HostFiles.read(TestRoot.path().resolve("etc/passwd"))).contains("root:x:0:0");
  }

  @Test
  void namesAndIdentifiersBothWork() {
    String id = idle("byname");

    assertThat(kapsel("kill", id.substring(0, 6)).ok().line()).isEqualTo(id.substring(0, 6));
    kapsel("wait", "byname").ok();
    kapsel("rm", id).ok();
  }

  @Test
  void aRunningContainerIsNotRemovedWithoutForce() {
    idle("busy");
    Result refused = kapsel("rm", "busy");

    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("'busy'").contains("running");
    assertThat(kapsel("rm", "-f", "busy").ok().line()).isEqualTo("busy");
  }

  @Test
  void oneFailureDoesNotStopTheRest() {
    idle("aa");
    Result result = kapsel("stop", "-t", "0", "nobody", "aa");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.line()).isEqualTo("aa");
    assertThat(result.err()).contains("'nobody'");
  }

  @Test
  void stoppingTwiceIsFine() {
    idle("twice");
    kapsel("stop", "-t", "0", "twice").ok();

    kapsel("stop", "twice").ok();
  }

  @Test
  void killSendsTheSignalThatIsAsked() {
    kapsel(
            "run",
            "-d",
            "--name",
            "usr",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            "trap 'echo got; exit 5' USR1; while :; do sleep 0.05; done")
        .ok();
    Await.until(
        "the trap is set",
        () -> kapsel("exec", "usr", "/bin/grep", "SigCgt", "/proc/1/status").out().contains("2"));
    kapsel("kill", "-s", "USR1", "usr").ok();

    assertThat(kapsel("wait", "usr").ok().line()).isEqualTo("5");
  }

  @Test
  void inspectTellsTheState() {
    String id = idle("look");
    String json = kapsel("inspect", "look").ok().out();

    assertThat(json).contains(id, "look", "/bin/sleep");
    assertThat(kapsel("inspect", "nobody").exitCode()).isEqualTo(1);
  }

  @Test
  void execSeesWhatTheContainerSees() {
    kapsel(
            "run",
            "-d",
            "--name",
            "xx",
            "-e",
            "A=1",
            "-h",
            "inner",
            TestRoot.reference(),
            "/bin/sleep",
            "100")
        .ok();

    assertThat(kapsel("exec", "xx", "/bin/hostname").ok().line()).isEqualTo("inner");
    assertThat(kapsel("exec", "-e", "B=2", "xx", "/bin/sh", "-c", "echo $A$B").ok().line())
        .isEqualTo("12");
    assertThat(
            kapsel("exec", "-u", "user", "-w", "/srv", "xx", "/bin/sh", "-c", "id -u; pwd")
                .ok()
                .line())
        .isEqualTo("1000\n/srv");
    assertThat(product.command("exec", "-i", "xx", "/bin/cat").input("piped").run().ok().out())
        .isEqualTo("piped");
    for (String name : List.of("mnt", "pid", "net", "ipc", "uts", "user", "cgroup")) {
      assertThat(kapsel("exec", "xx", "/bin/readlink", "/proc/self/ns/" + name).ok().line())
          .as(name)
          .isEqualTo(kapsel("exec", "xx", "/bin/readlink", "/proc/1/ns/" + name).ok().line());
    }
  }

  @Test
  void aContainerWithRmIsGoneWhenTheClientReturns() {
    for (int i = 0; i < 5; i++) {
      kapsel("run", "--rm", "--name", "same", TestRoot.reference(), "/bin/true").ok();
    }
    assertThat(kapsel("ps", "-aq").ok().out()).isEmpty();
  }

  @Test
  void everyContainerHasARangeOfItsOwn() {
    Set<String> ranges =
        Set.of(
            kapsel("exec", nameOf(idle("r1")), "/bin/cat", "/proc/self/uid_map").ok().line(),
            kapsel("exec", nameOf(idle("r2")), "/bin/cat", "/proc/self/uid_map").ok().line(),
            kapsel("exec", nameOf(idle("r3")), "/bin/cat", "/proc/self/uid_map").ok().line());

    assertThat(ranges).hasSize(3).allMatch(range -> range.strip().endsWith(" 65536"));
  }

  private static String nameOf(String id) {
    return id.substring(0, 12);
  }

  @Test
  void runsSideBySide() throws Exception {
    List<Process> clients = new java.util.ArrayList<>();
    for (int i = 0; i < 16; i++) {
      clients.add(
          product.command("run", "--rm", TestRoot.reference(), "/bin/echo", "n" + i).start());
    }
    for (int i = 0; i < clients.size(); i++) {
      assertThat(clients.get(i).inputReader().readLine()).isEqualTo("n" + i);
      assertThat(clients.get(i).waitFor()).isZero();
    }
  }
}
