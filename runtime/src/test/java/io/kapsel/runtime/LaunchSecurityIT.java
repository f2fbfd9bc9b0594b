package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.process.Pidfd;
import io.kapsel.oci.Device;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Process;
import io.kapsel.oci.User;
import io.kapsel.runtime.plan.EncodedPlan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a program has and has not when it begins. */
class LaunchSecurityIT extends OnRealKernel {
  @Test
  void hasTheUsualCapabilitiesAndNoMore() throws Exception {
    assertThat(run(bundle().running("grep", "Cap", "/proc/self/status"), 0).lines())
        .containsExactly(
            "CapInh:\t0000000000000000",
            "CapPrm:\t00000000a80425fb",
            "CapEff:\t00000000a80425fb",
            "CapBnd:\t00000000a80425fb",
            "CapAmb:\t0000000000000000");
  }

  @Test
  void runsUnderTheFilterAndOnlyThenWithoutNewPrivilegesWhenAsked() throws Exception {
    assertThat(run(bundle().running("grep", "-E", "Seccomp:|NoNew", "/proc/self/status"), 0))
        .contains("NoNewPrivs:\t0")
        .contains("Seccomp:\t2");
  }

  @Test
  void mayGainNoPrivilegesWhenAsked() throws Exception {
    Bundle bundle =
        bundle()
            .withoutNewPrivileges()
            .running("grep", "-E", "Seccomp:|NoNew", "/proc/self/status");

    assertThat(run(bundle, 0)).contains("NoNewPrivs:\t1").contains("Seccomp:\t2");
  }

  @Test
  void runsAsTheUserWithoutCapabilities() throws Exception {
    User user = new User(1000, 1001, Optional.of(027), List.of(7L, 8L), Optional.empty());
    String out =
        run(
            bundle()
                .as(user)
                .running(
                    "sh", "-c", "id -u; id -g; id -G; umask; " + "grep CapEff /proc/self/status"),
            0);

    assertThat(out).isEqualTo("1000\n1001\n1001 7 8\n0027\nCapEff:\t0000000000000000\n");
  }

  @Test
  void beginsWithThreeDescriptorsAndNoEnvironmentOfTheHost() throws Exception {
    assertThat(run(bundle().running("sh", "-c", "echo /proc/$$/fd/*; env | sort"), 0))
        .startsWith("/proc/1/fd/0 /proc/1/fd/1 /proc/1/fd/2")
        .contains("PATH=/usr/sbin:/usr/bin:/sbin:/bin")
        .doesNotContain("JAVA");
  }

  @Test
  void sharesNoPeerGroupWithTheHost() throws Exception {
    String out =
        run(
            bundle()
                .with(Mount.of("/data", "bind", directory.toString(), "rbind", "ro"))
                .running("grep", "-c", "shared:", "/proc/self/mountinfo"),
            1);

    assertThat(out).isEqualTo("0\n");
  }

  @Test
  void keepsTheOwnersOfAVolumeAndMayNotWriteToAReadOnlyOne() throws Exception {
    Path volume = Files.createDirectory(directory.resolve("volume"));
    Files.writeString(volume.resolve("file"), "x");
    String out =
        run(
            bundle()
                .with(
                    Mount.of("/data", "bind", volume.toString(), "rbind"),
                    Mount.of("/fixed", "bind", volume.toString(), "rbind", "ro"))
                .running(
                    "sh",
                    "-c",
                    "stat -c %u /data/file; echo y > /data/new; echo z 2>&1 > /fixed/no || echo no"),
            0);

    assertThat(out).startsWith("0\n").endsWith("no\n");
    assertThat(Files.getAttribute(volume.resolve("new"), "unix:uid")).isEqualTo(0);
  }

  @Test
  void hidesWhatIsMaskedAndFixesWhatIsReadOnly() throws Exception {
    String out =
        run(
            bundle()
                .running(
                    "sh",
                    "-c",
                    "wc -c < /proc/interrupts; ls /sys/firmware | wc -l;"
                        + " echo 1 > /proc/sys/kernel/msgmax || echo fixed"),
            0);

    assertThat(out).startsWith("0\n0\n").contains("fixed\n");
  }

  @Test
  void opensOnlyTheDevicesThatItWasGiven() throws Exception {
    Device tun =
        new Device(
            "/dev/net/tun", "c", 10, 200, Optional.of(0666), Optional.empty(), Optional.empty());
    String out =
        run(
            bundle()
                .onHostUsers()
                .with(tun)
                .running(
                    "sh",
                    "-c",
                    "stat -c %t:%T /dev/net/tun; mknod /m b 8 0; head -c1 /m 2>&1 | tail -c 30;"
                        + " head -c 3 /dev/zero | wc -c"),
            0);

    assertThat(out).startsWith("a:c8\n").contains("not permitted").endsWith("3\n");
  }

  @Test
  void setsClocksAndSysctlsOfItsOwn() throws Exception {
    String out =
        run(
            bundle()
                .withClocks()
                .withSysctls(Map.of("net.ipv4.ip_unprivileged_port_start", "7"))
                .running(
                    "sh",
                    "-c",
                    "cat /proc/sys/net/ipv4/ip_unprivileged_port_start; readlink /proc/self/ns/time"),
            0);

    assertThat(out).startsWith("7\n");
    assertThat(out)
        .doesNotContain(Files.readSymbolicLink(Path.of("/proc/self/ns/time")).toString());
  }

  @Test
  void isLimited() throws Exception {
    Bundle bundle =
        bundle()
            .with(Bundles.resources(5, Optional.of(Bundles.memory(32 << 20)), Optional.empty()))
            .running("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 1 & done 2>&1; echo made");

    assertThatThrownBy(() -> run(bundle, 0)).isInstanceOf(AssertionError.class);
    assertThat(log()).containsIgnoringCase("fork");
  }

  @Test
  void makesTheWorkingDirectoryInsideTheRoot() throws Exception {
    assertThat(run(bundle().in("/new/place").running("pwd"), 0)).isEqualTo("/new/place\n");
  }

  @Test
  void saysWhichStepFailedAndLeavesNothing() {
    Bundle bundle = bundle().with(Mount.of("/x", "nosuchfs", "none")).running("true");

    assertThatThrownBy(() -> runtime.launch(bundle, List.of()))
        .isInstanceOf(LaunchException.class)
        .hasMessageContaining("nosuchfs at '/x'")
        .hasMessageContaining("no such device (ENODEV)");
    assertThat(runtime.known()).doesNotContain(id);
  }

  @Test
  void failsWhenAVolumeIsMissing() {
    Bundle bundle = bundle().with(Mount.of("/x", "bind", "/no/such/place", "bind")).running("true");

    assertThatThrownBy(() -> runtime.launch(bundle, List.of()))
        .isInstanceOf(LaunchException.class)
        .hasMessageContaining("/no/such/place")
        .hasMessageContaining("ENOENT");
  }

  @Test
  void tellsThatAFileIsNoProgram() {
    assertThatThrownBy(() -> runtime.launch(bundle().running("/etc/hosts"), List.of()))
        .isInstanceOfSatisfying(
            LaunchException.class,
            e -> assertThat(e.kind()).isEqualTo(LaunchException.Kind.NOT_EXECUTABLE));
  }

  @Test
  void outlivesItsMonitorAndTheNextOneSaysHowItEnded() throws Exception {
    Bundle bundle = bundle().running("sleep", "60");
    try (ContainerProcess process = runtime.launch(bundle, List.of());
        Pidfd program = Pidfd.open(process.pid())) {
      ProcessHandle monitor = ProcessHandle.of(process.monitorPid()).orElseThrow();
      monitor.destroyForcibly();
      monitor.onExit().get(10, TimeUnit.SECONDS);

      assertThat(program.await(Duration.ofMillis(200))).isFalse();
      ProcessHandle.of(process.pid()).orElseThrow().destroyForcibly();
      ExitRecord end = process.await();
      assertThat(end.lost()).isFalse();
      assertThat(end.code()).isEqualTo(137);
    }
  }

  @Test
  void startsAgainAfterTheFirstLauncherWasKilled() throws Exception {
    ProcessHandle handle = zygote();
    handle.destroyForcibly();
    handle.onExit().join();

    run(bundle().running("true"), 0);
  }

  @Test
  void aSandboxThatIsNotUsedLeavesNothing() {
    Sandbox sandbox = prepare(EncodedPlan.of(runtime.plan(bundle().running("true"))));

    runtime.discard(sandbox);

    assertThat(runtime.known()).doesNotContain(id);
  }

  @Test
  void aSandboxWhoseMonitorWasKilledFailsAndLeavesNothing() {
    Bundle bundle = bundle().running("true");
    EncodedPlan plan = EncodedPlan.of(runtime.plan(bundle));
    Sandbox sandbox = prepare(plan);
    List<ProcessHandle> launchers = zygote().children().toList();
    assertThat(launchers).isNotEmpty();
    launchers.forEach(ProcessHandle::destroyForcibly);
    launchers.forEach(each -> each.onExit().join());

    assertThatThrownBy(
            () -> runtime.launch(sandbox, plan, bundle.runDirectory(), List.of(), () -> {}))
        .isInstanceOf(LaunchException.class);
    assertThat(runtime.known()).doesNotContain(id);
  }

  @Test
  void saysWhichLimitItCouldNotRaise() throws Exception {
    long most = runtime.facts().hardLimits().get("nofile");
    long asked = most < 0 ? 4096 : most + 1;
    boolean given = most < 0 || runtime.facts().bounding().contains(Capability.SYS_RESOURCE);
    Bundle bundle =
        bundle()
            .with(new Process.Rlimit("RLIMIT_NOFILE", 1024, asked))
            .running("sh", "-c", "ulimit -n; ulimit -Hn");
    try (ContainerProcess process = runtime.launch(bundle, List.of())) {
      assertThat(process.await().code()).isZero();
      assertThat(process.notices().stream().anyMatch(each -> each.contains("RLIMIT_NOFILE")))
          .isEqualTo(!given);
    }
    assertThat(log()).isEqualTo("1024\n" + (given ? asked : most) + "\n");
  }

  private Sandbox prepare(EncodedPlan plan) {
    return runtime.prepare(id, plan.sandbox());
  }

  private static ProcessHandle zygote() {
    return ProcessHandle.current()
        .children()
        .filter(child -> child.info().command().orElse("").contains("memfd:kapsel-launcher"))
        .findFirst()
        .orElseThrow();
  }
}
