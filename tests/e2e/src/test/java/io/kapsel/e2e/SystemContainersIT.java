package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whole systems: a stock Debian with systemd, and smaller ones with other inits. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class SystemContainersIT extends EndToEnd {
  private static final Duration LONG = Duration.ofMinutes(8);
  private static final String DEBIAN = "debian/bookworm";

  @BeforeAll
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  static void launchesWhatIsNotThereYet() {
    Result launched = product.command("launch", "--ephemeral", DEBIAN, "first").within(LONG).run();

    assertThat(launched.ok().line()).isEqualTo("first");
    assertThat(launched.err()).contains("kapsel: configuring ");
    assertThat(kapsel("stop", "first").ok().line()).isEqualTo("first");
    Await.until("it is gone", () -> kapsel("ps", "-a").out().lines().count() == 1);
  }

  private static void launch(String... words) {
    List<String> all = new java.util.ArrayList<>(List.of("launch"));
    all.addAll(List.of(words));
    kapsel(all.toArray(String[]::new)).ok();
  }

  /** What a shell in the container prints. */
  private static String in(String name, String script) {
    return kapsel("exec", name, "sh", "-c", script).ok().line();
  }

  private static String status(String name) {
    return kapsel("ps", "-a", "--filter", "name=" + name, "--format", "json").ok().line();
  }

  private static void awaitRunning(String name) {
    Await.until(
        Duration.ofSeconds(30),
        () -> status(name) + kapsel("exec", name, "systemctl", "--failed").out(),
        () -> kapsel("exec", name, "systemctl", "is-system-running").line().equals("running"));
  }

  @Test
  void bootsDebianWithoutAFailedUnit() {
    launch(DEBIAN, "web");

    assertThat(in("web", "systemctl is-system-running")).isEqualTo("running");
    assertThat(in("web", "systemctl --failed --no-legend")).isEmpty();
    assertThat(in("web", "hostname; systemd-detect-virt")).isEqualTo("web\nlxc");
    assertThat(in("web", "cat /proc/self/uid_map")).endsWith(" 65536");
  }

  @Test
  void systemdPutsALoginPromptOnEachTerminal() {
    launch("--ttys", "2", DEBIAN, "web");

    for (String unit : List.of("console-getty", "container-getty@1", "container-getty@2")) {
      assertThat(in("web", "systemctl is-active " + unit)).as(unit).isEqualTo("active");
    }
    assertThat(in("web", "systemctl --failed --no-legend")).isEmpty();
    new Expect(product)
        .run(
            "spawn $kapsel console --tty 2 web\nwant {web login: }\nsend \"\\x10\\x11\"\nends 0\n");
  }

  @Test
  void bootsDebianOnTheHostsUsersAndWithNearlyAllRights() {
    for (List<String> flags : List.of(List.of("--userns", "host"), List.of("--privileged"))) {
      List<String> words = new java.util.ArrayList<>(flags);
      words.addAll(List.of(DEBIAN, "strong"));
      launch(words.toArray(String[]::new));

      assertThat(in("strong", "systemctl is-system-running")).isEqualTo("running");
      kapsel("stop", "strong").ok();
      assertThat(status("strong")).contains("Exited (0)");
      kapsel("rm", "strong").ok();
    }
  }

  @Test
  void halts() {
    launch(DEBIAN, "web");

    long before = System.nanoTime();
    kapsel("stop", "web").ok();

    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
    assertThat(status("web")).contains("Exited (0)");
    kapsel("start", "web").ok();
    awaitRunning("web");
    assertThat(in("web", "journalctl -b -1 -o cat")).contains("Reached target shutdown.target");
  }

  @Test
  void stopsAtOnceWhenItHasOnlyBegunToBoot() {
    launch("--no-wait", DEBIAN, "web");

    kapsel("stop", "web").ok();

    assertThat(status("web")).contains("Exited (0)");
  }

  @Test
  void powersOffAndRebootsWhenThatIsAskedForInside() {
    launch(DEBIAN, "web");
    String machine = in("web", "cat /etc/machine-id");
    String boot = in("web", "cat /proc/sys/kernel/random/boot_id");

    kapsel("exec", "web", "reboot");
    Await.until(
        Duration.ofSeconds(30),
        () -> status("web") + kapsel("logs", "web").out(),
        () -> {
          Result now = kapsel("exec", "web", "cat", "/proc/sys/kernel/random/boot_id");
          return now.exitCode() == 0 && !now.line().equals(boot);
        });
    awaitRunning("web");
    assertThat(in("web", "cat /etc/machine-id")).isEqualTo(machine).hasSize(32);

    kapsel("exec", "web", "poweroff");
    Await.until(
        Duration.ofSeconds(30), () -> status("web"), () -> status("web").contains("Exited (0)"));
  }

  @Test
  void logsInByAShell() {
    launch(DEBIAN, "web");
    in("web", "useradd -m -s /bin/bash -d /home/jo jo");

    assertThat(product.command("shell", "web").input("id -un; pwd; exit 3\n").run().out())
        .isEqualTo("root\n/root\n");
    Result user =
        product.command("shell", "-u", "jo", "web").input("echo $USER $HOME $(id -u)\n").run();
    assertThat(user.ok().line()).isEqualTo("jo /home/jo 1000");
    new Expect(product)
        .run(
            """
            spawn $kapsel shell web
            want {root@web:~# }
            resize 30 100
            send "stty size; tty\\r"
            want {30 100}
            want {/dev/pts/}
            send "exit 4\\r"
            ends 4
            """);
  }

  @Test
  void logsInOnTheConsoleAndLeavesItWhereItWas() {
    launch(DEBIAN, "web");
    in("web", "echo root:secret | chpasswd");

    new Expect(product)
        .run(
            """
            spawn $kapsel console web
            send "\\r"
            want {web login: }
            send "root\\r"
            want {Password: }
            send "secret\\r"
            want {root@web:~# }
            send "echo on-\\$(tty); cd /srv\\r"
            want {on-/dev/console}
            send "\\020\\021"
            ends 0
            spawn $kapsel console web
            send "pwd; exit\\r"
            want {/srv}
            want {web login: }
            send "\\020\\021"
            ends 0
            """);
    assertThat(kapsel("console", "nobody").exitCode()).isOne();
    kapsel("stop", "web").ok();
    assertThat(kapsel("console", "web").err())
        .isEqualTo("kapsel: cannot show the console of 'web': it is not running\n");
  }

  /** What was changed while it runs is in force at once, and after the next start. */
  @Test
  void takesOtherLimitsWhileItRuns() {
    launch(DEBIAN, "web");

    kapsel(
            "update",
            "-m",
            "150m",
            "--pids-limit",
            "70",
            "--cpus",
            "0.5",
            "--cpuset-cpus",
            "0",
            "web")
        .ok();

    assertThat(in("web", "nproc")).isEqualTo("1");
    assertThat(limits("web")).contains("memory 150MiB", "tasks 70", "cpu 500ms");
    kapsel("exec", "web", "sh", "-c", "for i in $(seq 100); do sleep 2 & done");
    assertThat(kapsel("accounting", "--format", "{{.Resource}} {{.Failed}}", "web").ok().out())
        .containsPattern("(?m)^tasks [1-9]");
    kapsel("restart", "web").ok();
    awaitRunning("web");
    assertThat(in("web", "nproc")).isEqualTo("1");
    assertThat(limits("web")).contains("memory 150MiB", "tasks 70", "cpu 500ms");
  }

  private static List<String> limits(String name) {
    return kapsel("accounting", "--format", "{{.Resource}} {{.Limit}}", name).ok().lines();
  }

  @Test
  void aCloneIsAnotherMachine() {
    launch(DEBIAN, "web");
    in(
        "web",
        "mkdir /etc/ssh; echo old >/etc/ssh/ssh_host_ed25519_key;"
            + " echo '10.9.8.7 web.example web' >>/etc/hosts; systemctl mask -q cron 2>/dev/null");
    String machine = in("web", "cat /etc/machine-id");

    kapsel("clone", "web", "web2").ok();
    kapsel("start", "web2").ok();
    awaitRunning("web2");

    assertThat(in("web2", "hostname; grep 10.9.8.7 /etc/hosts"))
        .isEqualTo("web2\n10.9.8.7 web2.example web2");
    assertThat(in("web2", "cat /etc/machine-id")).hasSize(32).isNotEqualTo(machine);
    assertThat(in("web2", "cat /etc/ssh/ssh_host_ed25519_key"))
        .startsWith("-----BEGIN OPENSSH PRIVATE KEY-----");
    assertThat(in("web", "systemctl is-system-running; cat /etc/machine-id /etc/ssh/ssh*"))
        .isEqualTo("running\n" + machine + "\nold");
    assertThat(in("web2", "systemctl --failed --no-legend")).isEmpty();
  }

  @Test
  void oneLookSaysWhichLimitHurts() {
    launch("--pids-limit", "60", "-m", "200m", DEBIAN, "web");
    kapsel("exec", "web", "tail", "/dev/zero");
    kapsel("exec", "web", "sh", "-c", "for i in $(seq 100); do sleep 5 & done");
    Await.until(
        Duration.ofSeconds(60),
        () -> "there is room",
        () -> kapsel("exec", "web", "true").exitCode() == 0);

    String all =
        kapsel("accounting", "--format", "{{.Resource}} {{.MaxHeld}} {{.Limit}} {{.Failed}}", "web")
            .ok()
            .out();

    assertThat(all).containsPattern("(?m)^tasks (60|-) 60 [1-9]");
    assertThat(all).containsPattern("(?m)^memory \\S+ 200MiB [1-9]");
    assertThat(all).containsPattern("(?m)^oomkill - - [1-9]");
    assertThat(in("web", "cat /run/host/accounting"))
        .containsPattern("(?m)^tasks +\\d+ +(60|-) +60 +[1-9]\\d*$");
  }

  @Test
  void isWhatItWasBeforeAnUpgradeThatWentWrong() {
    launch(DEBIAN, "web");
    kapsel("snapshot", "web", "before-upgrade").ok();
    in("web", "rm -rf /lib/systemd /etc/passwd /var/lib/dpkg");

    kapsel("restore", "web", "before-upgrade").ok();

    awaitRunning("web");
    assertThat(in("web", "systemctl --failed --no-legend; id -un; dpkg --verify"))
        .isEqualTo("root");
  }

  @Test
  void runsServicesInTheirSandboxes() {
    launch(DEBIAN, "web");

    assertThat(
            in(
                "web",
                "systemd-run -q --wait --pipe -p ProtectSystem=strict -p PrivateTmp=yes"
                    + " -p DynamicUser=yes -p PrivateDevices=yes -p ProtectKernelTunables=yes"
                    + " -p ProtectProc=invisible -p PrivateNetwork=yes -p MemoryMax=100M"
                    + " -p SetCredential=word:hello sh -c 'cat $CREDENTIALS_DIRECTORY/word'"))
        .isEqualTo("hello");
  }

  @Test
  void asksForALoginOnTheConsole() {
    launch(DEBIAN, "web");

    Await.until(
        Duration.ofSeconds(30),
        () -> kapsel("logs", "web").out(),
        () -> kapsel("logs", "web").out().contains("web login: "));
  }

  @Test
  void goesOnWithoutItsEngineAndIsReadyForTheNext() {
    launch(DEBIAN, "web");
    product.killEngine();

    assertThat(in("web", "systemctl is-system-running")).isEqualTo("running");
    kapsel("exec", "web", "reboot");
    awaitRunning("web");
    kapsel("stop", "web").ok();
    assertThat(status("web")).contains("Exited (0)");
  }

  /** Its root may mount, but what belongs to the host stays out of reach. */
  @Test
  void doesNotReachTheHostsSettings() {
    launch(DEBIAN, "web");
    String pattern = HostFiles.read("/proc/sys/kernel/core_pattern");

    Result written =
        kapsel(
            "exec",
            "web",
            "sh",
            "-c",
            "umount /proc/sys/kernel/random/boot_id; umount /proc/sys/net; umount /proc/sys;"
                + " echo gone >/proc/sys/kernel/core_pattern");
    Result limits =
        kapsel("exec", "web", "sh", "-c", "echo 1 >/sys/fs/cgroup/cgroup.max.descendants");
    Result memory = kapsel("exec", "web", "mknod", "/root/memory", "c", "1", "1");

    assertThat(written.exitCode()).isNotZero();
    assertThat(HostFiles.read("/proc/sys/kernel/core_pattern")).isEqualTo(pattern);
    assertThat(limits.exitCode()).isNotZero();
    assertThat(memory.exitCode()).isNotZero();
  }

  /** A root with a script as its init. */
  private static Path root(String script) throws IOException {
    Path root = product.home().resolve("root");
    HostFiles.delete(root);
    for (String directory : List.of("bin", "sbin", "etc", "run", "tmp")) {
      Files.createDirectories(root.resolve(directory));
    }
    Files.copy(Path.of("/bin/busybox"), root.resolve("bin/busybox"));
    Files.createSymbolicLink(root.resolve("bin/sh"), Path.of("busybox"));
    Files.writeString(root.resolve("sbin/init"), script);
    Command.of("chmod", "755", root.resolve("sbin/init").toString(), root.toString()).run().ok();
    return root;
  }

  @Test
  void bootsAndStopsOtherInits() throws IOException {
    Path root = root("");
    Files.delete(root.resolve("sbin/init"));
    Files.createSymbolicLink(root.resolve("sbin/init"), Path.of("../bin/busybox"));
    Files.writeString(
        root.resolve("etc/inittab"),
        "::sysinit:/bin/busybox touch /booted\n::shutdown:/bin/busybox touch /halted\n");

    launch("dir:" + root, "small");
    Await.until(
        "it boots",
        () -> kapsel("exec", "small", "/bin/sh", "-c", "test -e /booted").exitCode() == 0);
    long before = System.nanoTime();
    kapsel("stop", "small").ok();

    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
    assertThat(status("small")).contains("Exited (0)");
  }

  /** The pauses before the first five reboots are 0.1, 0.2, 0.4, 0.8 and 1.6 seconds. */
  @Test
  void rebootsEverMoreSlowlyWhatDoesNothingElse() throws IOException {
    Path root = root("#!/bin/sh\necho boot >>/boots\nexec /bin/busybox reboot -f\n");

    long before = System.nanoTime();
    launch("--no-wait", "dir:" + root, "loop");
    Await.until("it reboots", () -> boots("loop") >= 5);
    Duration passed = Duration.ofNanos(System.nanoTime() - before);
    kapsel("stop", "loop").ok();

    assertThat(passed).isGreaterThan(Duration.ofMillis(1500));
    assertThat(status("loop")).contains("Exited (0)");
  }

  private static int boots(String name) {
    Path export = product.home().resolve("export.tar");
    kapsel("export", "-o", export.toString(), name).ok();
    return Command.of("tar", "-xOf", export.toString(), "boots").run().ok().lines().size();
  }

  @Test
  void saysWhatAnInitCannotHave() {
    Result init = kapsel("run", "--system", "--init", "host:", "/sbin/init");
    Result missing = kapsel("launch", "dir:" + TestRoot.path(), "broken");

    assertThat(init.exitCode()).isEqualTo(125);
    assertThat(init.err()).contains("a system container has an init of its own: no --init");
    assertThat(missing.exitCode()).isEqualTo(127);
    assertThat(missing.err()).contains("exec '/sbin/init'");
  }
}
