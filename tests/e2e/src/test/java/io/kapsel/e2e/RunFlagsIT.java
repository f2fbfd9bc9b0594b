package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What each flag of run does to the process. */
class RunFlagsIT extends EndToEnd {
  @Test
  void environment() {
    Path file = product.home().resolve("env");
    HostFiles.write(file, "# a comment\nFROM_FILE=1 2\n\nOVER=file\nMINE\n");
    Result result =
        product
            .command(
                "run",
                "--rm",
                "--env-file",
                file.toString(),
                "-e",
                "A=b=c",
                "-e",
                "OVER=flag",
                "-e",
                "ABSENT",
                "-e",
                "MINE",
                TestRoot.reference(),
                "/bin/env")
            .env("MINE", "own")
            .run()
            .ok();

    assertThat(result.lines())
        .contains("A=b=c", "OVER=flag", "FROM_FILE=1 2", "MINE=own")
        .anyMatch(line -> line.startsWith("PATH=/usr/local/sbin:"))
        .anyMatch(line -> line.startsWith("HOSTNAME="))
        .noneMatch(line -> line.startsWith("ABSENT"))
        .noneMatch(line -> line.startsWith("KAPSEL_"));
  }

  @Test
  void workingDirectory() {
    assertThat(sh(List.of("-w", "/home/user"), "pwd")).isEqualTo("/home/user");
    assertThat(sh(List.of("-w", "/made/here"), "pwd")).isEqualTo("/made/here");
    assertThat(sh("pwd")).isEqualTo("/");
  }

  @Test
  void user() {
    assertThat(sh(List.of("-u", "user"), "id"))
        .contains("uid=1000(user) gid=1000(user)", "2000(extra)");
    assertThat(sh(List.of("-u", "1234:5678"), "id")).contains("uid=1234 gid=5678");
    assertThat(sh(List.of("-u", "user:other"), "id -g")).isEqualTo("3000");
    assertThat(sh(List.of("-u", "user"), "echo $HOME")).isEqualTo("/home/user");
    assertThat(sh(List.of("-u", "1000", "--group-add", "other", "--group-add", "4000"), "id -G"))
        .contains("3000", "4000");
  }

  @Test
  void hostname() {
    assertThat(sh(List.of("-h", "box"), "hostname; cat /etc/hostname; grep -c box /etc/hosts"))
        .isEqualTo("box\nbox\n1");
  }

  @Test
  void entrypoint() {
    assertThat(run(List.of("--entrypoint", "/bin/echo"), "a", "b").line()).isEqualTo("a b");
  }

  @Test
  void initIsProcessOneAndReaps() {
    String script = "/bin/probe burn orphans 50; sleep 0.2; ps -o stat | grep -c Z; echo pid $$";

    assertThat(sh(List.of("--init"), script)).isEqualTo("made 50\n0\npid 2");
    assertThat(sh(List.of("--init"), "cat /proc/1/comm")).isEqualTo("kapsel-launcher");
  }

  @Test
  void readOnlyRoot() {
    assertThat(
            sh(
                List.of("--read-only", "--tmpfs", "/tmp"),
                "touch /x; echo $?; touch /tmp/x && echo ok"))
        .isEqualTo("1\nok");
  }

  @Test
  void tmpfs() {
    assertThat(
            sh(
                List.of("--tmpfs", "/srv:size=1m,mode=700"),
                "stat -c %a /srv; df -k /srv | tail -1"))
        .startsWith("700\n")
        .contains(" 1024 ");
  }

  @Test
  void sharedMemory() {
    assertThat(sh("df -k /dev/shm | tail -1")).contains(" 65536 ");
    assertThat(sh(List.of("--shm-size", "8m"), "df -k /dev/shm | tail -1")).contains(" 8192 ");
  }

  @Test
  void volumesKeepTheirOwners() throws IOException {
    Path volume = product.home().resolve("volume");
    HostFiles.write(volume.resolve("file"), "of the host\n");
    Command.of("chown", "-R", "1000:1000", volume.toString()).run().ok();

    assertThat(
            sh(
                List.of("-v", volume + ":/data"),
                "stat -c %u:%g /data/file; cat /data/file; echo new > /data/n"))
        .isEqualTo("1000:1000\nof the host");
    assertThat(Files.getAttribute(volume.resolve("n"), "unix:uid")).isEqualTo(0);
    assertThat(Files.readString(volume.resolve("n"))).isEqualTo("new\n");
    assertThat(sh(List.of("-v", volume + ":/data:ro"), "touch /data/x; echo $?")).isEqualTo("1");
    assertThat(
            sh(
                List.of("--mount", "type=bind,source=" + volume + ",target=/deep/er,readonly"),
                "cat /deep/er/n"))
        .isEqualTo("new");
    assertThat(sh(List.of("-v", volume.resolve("file") + ":/etc/one"), "cat /etc/one"))
        .isEqualTo("of the host");
  }

  @Test
  void capabilities() {
    assertThat(sh(List.of("--cap-drop", "ALL"), "grep CapEff /proc/self/status"))
        .endsWith("0000000000000000");
    assertThat(
            sh(
                List.of("--cap-drop", "ALL", "--cap-add", "NET_BIND_SERVICE"),
                "grep CapEff /proc/self/status"))
        .endsWith("0000000000000400");
    assertThat(sh(List.of("--cap-add", "CAP_SYS_ADMIN"), "hostname other && hostname"))
        .isEqualTo("other");
    assertThat(sh(List.of("-u", "user"), "grep CapEff /proc/self/status"))
        .endsWith("0000000000000000");
  }

  @Test
  void securityOptions() {
    assertThat(
            sh(List.of("--security-opt", "no-new-privileges"), "grep NoNewPrivs /proc/self/status"))
        .endsWith("1");
    assertThat(
            sh(List.of("--security-opt", "seccomp=unconfined"), "grep Seccomp: /proc/self/status"))
        .endsWith("0");
    Path profile = product.home().resolve("profile.json");
    HostFiles.write(
        profile,
        """
        {"defaultAction": "SCMP_ACT_ALLOW",
         "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
        """);
    assertThat(sh(List.of("--security-opt", "seccomp=" + profile), "mkdir /tmp/x 2>&1" + "; true"))
        .contains("No space left");
  }

  @Test
  void privileged() {
    assertThat(
            sh(
                List.of("--privileged"),
                "grep CapEff /proc/self/status; grep Seccomp: /proc/self/status"))
        .contains(hostBounding())
        .endsWith("0");
  }

  /** Nobody gets more than the engine has itself. */
  private static String hostBounding() {
    return HostFiles.read("/proc/self/status")
        .lines()
        .filter(line -> line.startsWith("CapBnd:"))
        .map(line -> line.substring(line.length() - 16))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aDeviceIsOpenedOnlyAsItWasGiven() {
    String write = ": > /dev/log && echo opened";
    assertThat(sh(List.of("--device", "/dev/kmsg:/dev/log:w"), write)).isEqualTo("opened");

    Result result = tryRun(List.of("--device", "/dev/kmsg:/dev/log:r"), "/bin/sh", "-c", write);
    assertThat(result.exitCode()).isNotZero();
    assertThat(result.err()).contains("Operation not permitted");
  }

  @Test
  void devices() {
    assertThat(
            sh(List.of("--device", "/dev/null:/dev/other"), "echo x > /dev/other; ls /dev/other"))
        .isEqualTo("/dev/other");
  }

  @Test
  void limitsOfProcesses() {
    assertThat(sh(List.of("--ulimit", "nofile=100:200"), "ulimit -n; ulimit -Hn"))
        .isEqualTo("100\n200");
    assertThat(sh(List.of("--oom-score-adj", "500"), "cat /proc/self/oom_score_adj"))
        .isEqualTo("500");
  }

  @Test
  void sysctls() {
    assertThat(
            sh(List.of("--sysctl", "net.ipv4.ip_forward=1"), "cat /proc/sys/net/ipv4/ip_forward"))
        .isEqualTo("1");
    assertThat(sh(List.of("--sysctl", "kernel.shmmax=4096"), "cat /proc/sys/kernel/shmmax"))
        .isEqualTo("4096");
  }

  @Test
  void networks() {
    assertThat(sh("ip -o link | wc -l; ip addr show lo | grep -c 127.0.0.1")).isEqualTo("1\n1");
    assertThat(sh(List.of("--network", "none"), "ip -o link | wc -l")).isEqualTo("1");
    assertThat(sh(List.of("--network", "host"), "readlink /proc/self/ns/net"))
        .isEqualTo(HostFiles.link("/proc/self/ns/net"));
  }

  @Test
  void namespacesAreShared() {
    kapsel("run", "-d", "--name", "peer", TestRoot.reference(), "/bin/httpd", "-f", "-p", "8080")
        .ok();
    Await.until(
        "the server answers",
        () ->
            kapsel("exec", "peer", "/bin/wget", "-qO-", "http://127.0.0.1:8080/etc/group")
                    .exitCode()
                == 0);

    assertThat(
            sh(
                List.of("--network", "container:peer"),
                "wget -qO- http://127.0.0.1:8080/etc/passwd"))
        .contains("root:x:0:0");
  }

  private static void startPeer(String users) {
    String script = "echo hello > /dev/shm/note; exec sleep 4343";
    kapsel(
            "run",
            "-d",
            "--userns",
            users,
            "--name",
            "peer",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            script)
        .ok();
  }

  @ParameterizedTest
  @ValueSource(strings = {"private", "host"})
  void processesAndMemoryOfAnotherContainerAreShared(String users) {
    startPeer(users);
    List<String> processes = List.of("--userns", users, "--pid", "container:peer");
    List<String> memory = List.of("--userns", users, "--ipc", "container:peer");

    assertThat(sh(processes, "ps; kill -0 1 && cat /proc/1/root/dev/shm/note"))
        .contains("4343")
        .endsWith("hello");
    assertThat(
            sh(
                memory,
                "cat /dev/shm/note; echo answer > /dev/shm/note; readlink /proc/self/ns/ipc"))
        .isEqualTo(
            "hello\n" + kapsel("exec", "peer", "/bin/readlink", "/proc/self/ns/ipc").ok().line());
    assertThat(kapsel("exec", "peer", "/bin/cat", "/dev/shm/note").ok().line()).isEqualTo("answer");
    assertThat(sh(memory, "df /dev/shm | tail -n 1; id -u")).contains("65536").endsWith("0");
  }

  @Test
  void whoSharesAnotherIsNoMoreThanThatOne() {
    startPeer("private");
    String map = kapsel("exec", "peer", "/bin/cat", "/proc/self/uid_map").ok().line();

    assertThat(sh(List.of("--pid", "container:peer"), "cat /proc/self/uid_map").strip())
        .isEqualTo(map.strip());
    kapsel("run", "-d", "--name", "second", TestRoot.reference(), "/bin/sleep", "4343").ok();
    Result refused =
        tryRun(List.of("--pid", "container:peer", "--ipc", "container:second"), "/bin/true");
    assertThat(refused.exitCode()).isEqualTo(125);
    assertThat(refused.err()).contains("cannot share 'peer': it and 'second' have different");
  }

  @Test
  void whoSharesAContainerThatHasEndedIsNotStarted() {
    startPeer("private");
    kapsel(
            "create",
            "--name",
            "guest",
            "--pid",
            "container:peer",
            TestRoot.reference(),
            "/bin/true")
        .ok();
    kapsel("rm", "-f", "peer").ok();
    assertThat(kapsel("start", "guest").err()).contains("cannot find 'peer'");
    startPeer("private");

    assertThat(kapsel("start", "guest").err())
        .contains("cannot start 'guest': made to share with another 'peer' than there is now");
  }

  @Test
  void withoutUserNamespacesBothHaveToBe() {
    startPeer("host");

    Result refused = tryRun(List.of("--pid", "container:peer"), "/bin/true");
    assertThat(refused.exitCode()).isEqualTo(125);
    assertThat(refused.err()).contains("--userns=host");
  }

  @Test
  void namespacesOfTheHost() {
    for (String name : List.of("pid", "ipc", "uts", "cgroup")) {
      String flag = name.equals("cgroup") ? "--cgroupns" : "--" + name;
      assertThat(sh(List.of(flag, "host"), "readlink /proc/self/ns/" + name))
          .as(name)
          .isEqualTo(HostFiles.link("/proc/self/ns/" + name));
    }
    assertThat(sh(List.of("--userns", "host"), "cat /proc/self/uid_map").strip().split("\\s+"))
        .containsExactly("0", "0", "4294967295");
  }

  @Test
  void identityFile() throws IOException {
    Path file = product.home().resolve("cid");
    String id = sh(List.of("--cidfile", file.toString()), "hostname");

    assertThat(Files.readString(file).strip()).matches("[0-9a-f]{64}").startsWith(id);
    Result again = tryRun(List.of("--cidfile", file.toString()), "/bin/true");
    assertThat(again.exitCode()).isEqualTo(125);
    assertThat(again.err()).contains(file.toString());
  }

  @Test
  void stopSignalAndTimeout() {
    kapsel(
            "run",
            "-d",
            "--name",
            "ss",
            "--stop-signal",
            "INT",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            "trap 'exit 7' INT; while :; do sleep 0.05; done")
        .ok();
    kapsel("stop", "ss").ok();
    assertThat(kapsel("wait", "ss").ok().line()).isEqualTo("7");

    kapsel(
            "run",
            "-d",
            "--name",
            "tt",
            "--stop-timeout",
            "1",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            "trap '' TERM; while :; do sleep 0.05; done")
        .ok();
    long start = System.nanoTime();
    kapsel("stop", "tt").ok();
    assertThat(System.nanoTime() - start).isBetween(900_000_000L, 5_000_000_000L);
    assertThat(kapsel("wait", "tt").ok().line()).isEqualTo("137");
  }
}
