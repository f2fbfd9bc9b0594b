package io.kapsel.cli.front;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.DeviceRequest;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.engine.spec.SecurityRequest.SeccompRequest;
import io.kapsel.engine.spec.Stdio;
import io.kapsel.engine.spec.Ulimit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each flag of run, and the part of the specification that it becomes. */
class SpecReaderTest {

  @TempDir Path directory;
  private final FrontFixture kapsel = new FrontFixture(() -> directory);

  private ContainerSpec spec(String line) {
    assertThat(kapsel.serve(line)).as(kapsel.err()).isZero();
    return kapsel.engine.specs.getLast();
  }

  private static Arguments row(
      String flags, Function<ContainerSpec, Object> part, Object expected) {
    return Arguments.of(flags, part, expected);
  }

  static Stream<Arguments> flags() {
    Function<ContainerSpec, Object> stdio = ContainerSpec::stdio;
    return Stream.of(
        row("", stdio, Stdio.OUTPUT_ONLY),
        row("-i", stdio, new Stdio(false, true, true, 0, 0)),
        row("-t", stdio, new Stdio(true, false, false, 50, 132)),
        row("-dit", stdio, new Stdio(true, true, false, 50, 132)),
        row("", ContainerSpec::autoRemove, false),
        row("--rm", ContainerSpec::autoRemove, true),
        row("--name web", ContainerSpec::name, Optional.of("web")),
        row(
            "-e A=1 -eB=2 -e HOME -e NONE",
            ContainerSpec::env,
            List.of("A=1", "B=2", "HOME=/root")),
        row("-l a=b --label c", ContainerSpec::labels, Map.of("a", "b", "c", "")),
        row("-w /x", ContainerSpec::workingDirectory, Optional.of("/x")),
        row("-u 1:2", ContainerSpec::user, Optional.of("1:2")),
        row("--group-add 7 --group-add adm", ContainerSpec::groups, List.of("7", "adm")),
        row("-h box", ContainerSpec::hostname, Optional.of("box")),
        row("--domainname lan", ContainerSpec::domainname, Optional.of("lan")),
        row("--entrypoint sh", ContainerSpec::entrypoint, Optional.of(List.of("sh"))),
        row("--entrypoint=", ContainerSpec::entrypoint, Optional.of(List.of())),
        row("--init", ContainerSpec::init, true),
        row("--stop-signal QUIT", ContainerSpec::stopSignal, Optional.of("QUIT")),
        row("--stop-timeout 3", ContainerSpec::stopTimeoutSeconds, Optional.of(3)),
        row("--read-only", ContainerSpec::readOnly, true),
        row("--read-only=false", ContainerSpec::readOnly, false),
        row("--shm-size 1m", ContainerSpec::shmSize, Optional.of(1L << 20)),
        row("--privileged", ContainerSpec::privileged, true),
        row("--cap-add NET_ADMIN", ContainerSpec::capAdd, List.of("NET_ADMIN")),
        row("--cap-drop ALL --cap-drop KILL", ContainerSpec::capDrop, List.of("ALL", "KILL")),
        row("--security-opt no-new-privileges", it -> it.security().noNewPrivileges(), true),
        row(
            "--security-opt seccomp=unconfined",
            it -> it.security().seccomp(),
            new SeccompRequest.Unconfined()),
        row(
            "--security-opt apparmor=mine",
            it -> it.security().apparmorProfile(),
            Optional.of("mine")),
        row("--security-opt label=disable", it -> it.security().labels(), List.of("disable")),
        row(
            "--device /dev/fuse:/dev/f:r",
            ContainerSpec::devices,
            List.of(new DeviceRequest(Path.of("/dev/fuse"), "/dev/f", "r"))),
        row("-m 64m", it -> it.limits().memory(), Optional.of(64L << 20)),
        row("-m 0", it -> it.limits().memory(), Optional.empty()),
        row("--memory-swap -1", it -> it.limits().memorySwap(), Optional.of(-1L)),
        row(
            "-m 64m --memory-reservation 32m",
            it -> it.limits().memoryReservation(),
            Optional.of(32L << 20)),
        row("--cpus .5", it -> it.limits().nanoCpus(), Optional.of(500_000_000L)),
        row("-c 512", it -> it.limits().cpuShares(), Optional.of(512L)),
        row("--cpu-period 50000", it -> it.limits().cpuPeriod(), Optional.of(50_000L)),
        row("--cpu-quota 25000", it -> it.limits().cpuQuota(), Optional.of(25_000L)),
        row("--cpuset-cpus 0-1", it -> it.limits().cpusetCpus(), Optional.of("0-1")),
        row("--cpuset-mems 0", it -> it.limits().cpusetMems(), Optional.of("0")),
        row("--pids-limit 50", it -> it.limits().pids(), Optional.of(50L)),
        row("--pids-limit 0", it -> it.limits().pids(), Optional.of(-1L)),
        row("--ulimit nofile=10:20", ContainerSpec::ulimits, List.of(new Ulimit("nofile", 10, 20))),
        row(
            "--sysctl net.core.somaxconn=9",
            ContainerSpec::sysctls,
            Map.of("net.core.somaxconn", "9")),
        row("--oom-score-adj -500", ContainerSpec::oomScoreAdj, Optional.of(-500)),
        row("--network none", ContainerSpec::network, NamespaceMode.OWN),
        row("--network host", ContainerSpec::network, NamespaceMode.HOST),
        row("--net container:db", ContainerSpec::network, new NamespaceMode.Container("db")),
        row("--ipc host", ContainerSpec::ipc, NamespaceMode.HOST),
        row("--pid container:db", ContainerSpec::pid, new NamespaceMode.Container("db")),
        row("--uts host", ContainerSpec::uts, NamespaceMode.HOST),
        row("--userns host", ContainerSpec::userns, NamespaceMode.HOST),
        row("--cgroupns host", ContainerSpec::cgroupns, NamespaceMode.HOST));
  }

  @ParameterizedTest
  @MethodSource("flags")
  void aFlagBecomesItsPart(String flags, Function<ContainerSpec, Object> part, Object expected) {
    assertThat(part.apply(spec(("run " + flags).strip() + " host: true"))).isEqualTo(expected);
  }

  @Test
  void whatFollowsTheRootIsTheCommand() {
    ContainerSpec spec = spec("run --rm dir:../rootfs sh -c -i --rm");

    assertThat(spec.root()).isEqualTo(new RootSource.Directory(Path.of("/srv/rootfs")));
    assertThat(spec.command()).containsExactly("sh", "-c", "-i", "--rm");
  }

  @Test
  void everyNotationOfAMountIsKnown() {
    ContainerSpec spec =
        spec("run -v ./a:/a:ro -v /b:/b --mount type=bind,src=c,dst=/c --tmpfs /t:size=1m host:");

    assertThat(spec.mounts())
        .containsExactly(
            MountRequest.parseVolume("/srv/work/a:/a:ro", Path.of("/")),
            MountRequest.parseVolume("/b:/b", Path.of("/")),
            MountRequest.parseMount("type=bind,src=/srv/work/c,dst=/c", Path.of("/")),
            MountRequest.parseTmpfs("/t:size=1m"));
  }

  @Test
  void environmentFilesComeFirst() throws IOException {
    kapsel.directory = directory;
    Files.writeString(directory.resolve("e"), "\uFEFF# comment\n\n  A=1\nLANG\nNONE\nB=x # y\n");

    assertThat(spec("run -e A=2 --env-file e host:").env())
        .containsExactly("A=1", "LANG=C", "B=x # y", "A=2");
  }

  @Test
  void aSeccompProfileIsReadWhereTheClientStands() throws IOException {
    kapsel.directory = directory;
    Files.writeString(directory.resolve("p.json"), "{}");

    assertThat(spec("run --security-opt seccomp=p.json host:").security().seccomp())
        .isEqualTo(new SeccompRequest.Profile("{}"));
  }

  @Test
  void theIdIsWrittenToItsFile() throws IOException {
    kapsel.directory = directory;
    spec("run -d --cidfile id host:");

    assertThat(directory.resolve("id")).hasContent(kapsel.engine.containers.getFirst().id());
    assertThat(Files.getPosixFilePermissions(directory.resolve("id"))).hasSize(4);

    assertThat(kapsel.serve("run -d --cidfile id host:")).isEqualTo(125);
    assertThat(kapsel.err())
        .isEqualTo(
            "kapsel: container ID file found, make sure the other container isn't running or delete"
                + " "
                + directory.resolve("id")
                + "\n");
  }

  static Stream<Arguments> nonsense() {
    return Stream.of(
        Arguments.of("-m 1k host:", "a memory limit of 1024 bytes is below 6 MiB"),
        Arguments.of("--cpus 0.001 host:", "fewer than 0.01 processors are too few"),
        Arguments.of("-e =x host:", "invalid environment variable: =x"),
        Arguments.of(
            "--name a/b host:", "'a/b' is not a name: only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"),
        Arguments.of("-v na!me:/x host:", "invalid characters for a volume name"),
        Arguments.of("--ulimit foo=1 host:", "'foo' is not a resource"),
        Arguments.of("--ipc what host:", "'what' is not a mode of --ipc"),
        Arguments.of("--sysctl x host:", "'x' in --sysctl is not KEY=value"),
        Arguments.of("--stop-signal NOPE host:", "invalid signal: 'NOPE'"),
        Arguments.of("--env-file none host:", "no such file or directory (ENOENT)"),
        Arguments.of("--env-file /dev/zero host:", "it would be the engine's file"),
        Arguments.of("--env-file /tmp host:", "it is not a regular file"),
        Arguments.of("--security-opt seccomp=none host:", "cannot read the profile"),
        Arguments.of("alpine: sh", "'alpine:' is not a root file system; use an image's name"));
  }

  @ParameterizedTest
  @MethodSource("nonsense")
  void whatMakesNoSenseIsRefusedBeforeAnythingIsMade(String line, String reason) {
    assertThat(kapsel.serve("run " + line)).isEqualTo(125);
    assertThat(kapsel.err())
        .startsWith("kapsel: ")
        .contains(reason)
        .endsWith("'kapsel run --help'\n");
    assertThat(kapsel.engine.deeds).isEmpty();
  }
}
