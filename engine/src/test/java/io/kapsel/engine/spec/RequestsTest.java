package io.kapsel.engine.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Docker's notations become values, or are refused with a reason. */
class RequestsTest {
  private static final Path HERE = Path.of("/here");

  @Test
  void readsRoots() {
    assertThat(RootSource.parse("host:", HERE)).isEqualTo(new RootSource.Host());
    assertThat(RootSource.parse("dir:a/../b", HERE))
        .isEqualTo(new RootSource.Directory(Path.of("/here/b")));
    assertThat(RootSource.parse("tar:/x.tar", HERE))
        .isEqualTo(new RootSource.Archive(Path.of("/x.tar")));
  }

  @Test
  void whatIsNoSchemeIsAnImage() {
    for (String name :
        java.util.List.of(
            "host", "alpine", "docker:x", "sha256:12ab", "a.b:5/c@sha256:" + "0".repeat(64))) {
      assertThat(RootSource.parse(name, HERE))
          .isEqualTo(new RootSource.Image(name, java.util.Optional.empty()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "host:x", "dir:", "alpine:", "../x", "docker://x", "tar:"})
  void refusesOtherRoots(String text) {
    assertThatThrownBy(() -> RootSource.parse(text, HERE))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("'" + text + "'");
  }

  @Test
  void readsVolumes() {
    assertThat(MountRequest.parseVolume("./src:/data/:ro,z", HERE))
        .isEqualTo(new MountRequest.Bind(Path.of("/here/src"), "/data", true, true, "rprivate"));
  }

  @Test
  void aPathMayBeWithoutProgramsAndDevices() {
    assertThat(MountRequest.parseVolume("/a:/b:nosuid,nodev,noexec,nodev", HERE))
        .isEqualTo(
            new MountRequest.Bind(Path.of("/a"), "/b", false, true, "rprivate")
                .denying(List.of("nodev", "noexec", "nosuid")));
    assertThatThrownBy(() -> MountRequest.parseVolume("data:/b:noexec", HERE))
        .hasMessage("[noexec] in 'data:/b:noexec' are for paths of the host, not for volumes");
  }

  @ParameterizedTest
  @ValueSource(strings = {":/data", "/a:data", "/a:/", "/a:/b:xx", "/a:/b:ro:x"})
  void refusesOtherVolumes(String text) {
    assertThatThrownBy(() -> MountRequest.parseVolume(text, HERE))
        .isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void readsMounts() {
    assertThat(MountRequest.parseMount("type=bind,src=/a,dst=/b,ro", HERE))
        .isEqualTo(new MountRequest.Bind(Path.of("/a"), "/b", true, false, "rprivate"));
    assertThat(MountRequest.parseMount("type=tmpfs,target=/b,tmpfs-size=1m,tmpfs-mode=700", HERE))
        .isEqualTo(new MountRequest.Tmpfs("/b", Optional.of(1L << 20), 0700, List.of()));
    assertThat(MountRequest.parseTmpfs("/run:size=64k,exec"))
        .isEqualTo(new MountRequest.Tmpfs("/run", Optional.of(65_536L), 01777, List.of("exec")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "type=bind,target=/b",
        "source=x,target=/b",
        "type=nfs,target=/b",
        "type=bind,src=/a,source=/a,target=/b",
        "type=tmpfs,target=/b,source=/a",
        "type=bind,src=/a,dst=/b,ro=maybe"
      })
  void refusesOtherMounts(String text) {
    assertThatThrownBy(() -> MountRequest.parseMount(text, HERE))
        .isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void readsDevicesAndLimits() {
    assertThat(DeviceRequest.parse("/dev/fuse"))
        .isEqualTo(new DeviceRequest(Path.of("/dev/fuse"), "/dev/fuse", "rwm"));
    assertThat(DeviceRequest.parse("/dev/fuse:r").access()).isEqualTo("r");
    assertThat(DeviceRequest.parse("/dev/fuse:/dev/x:rw").container()).isEqualTo("/dev/x");
    assertThat(Ulimit.parse("nofile=10:20")).isEqualTo(new Ulimit("nofile", 10, 20));
    assertThat(Ulimit.parse("core=-1").hard()).isEqualTo(-1);
    assertThatThrownBy(() -> Ulimit.parse("nofile=20:10"))
        .hasMessage("the soft limit of 'nofile' is above the hard one: 20 > 10");
    assertThatThrownBy(() -> Ulimit.parse("files=1")).hasMessageContaining("'files'");
  }

  @Test
  void refusesLimitsThatMakeNoSense() {
    assertThatThrownBy(() ->
            new Limits(
                Optional.of(64L << 20),
                Optional.of(32L << 20),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty()))
        .hasMessageContaining("below that of memory alone");
  }

  @Test
  void readsSecurityOptions() {
    SecurityRequest request =
        SecurityRequest.parse(
            List.of("seccomp=/p.json", "no-new-privileges", "apparmor=x", "label=type:y"),
            file -> "text of " + file);

    assertThat(request.seccomp())
        .isEqualTo(new SecurityRequest.SeccompRequest.Profile("text of /p.json"));
    assertThat(request.noNewPrivileges()).isTrue();
    assertThat(request.apparmorProfile()).contains("x");
    assertThat(request.labels()).containsExactly("type:y");
    assertThatThrownBy(() -> SecurityRequest.parse(List.of("x=y"), file -> ""))
        .isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void refusesNamesAndTargetsThatClash() {
    ContainerSpecBuilder builder = new ContainerSpecBuilder(new RootSource.Host());

    assertThatThrownBy(() -> builder.name("../x").build()).hasMessageContaining("'../x'");
    assertThatThrownBy(() ->
            new ContainerSpecBuilder(new RootSource.Host())
                .mounts(List.of(MountRequest.parseTmpfs("/a"), MountRequest.parseTmpfs("/a/../a/")))
                .build())
        .hasMessage("two mounts have the target '/a'");
  }

  @Test
  void aVolumeIsToldFromAPath() {
    assertThat(MountRequest.parseVolume("data:/d:ro,nocopy", HERE))
        .isEqualTo(new MountRequest.Volume("data", "/d", true, false, Map.of()));
    assertThat(MountRequest.parseVolume("/d", HERE))
        .isEqualTo(new MountRequest.Volume("", "/d", false, true, Map.of()));
    assertThat(MountRequest.parseMount("type=volume,src=data,dst=/d,volume-opt=type=tmpfs", HERE))
        .isEqualTo(new MountRequest.Volume("data", "/d", false, true, Map.of("type", "tmpfs")));
    assertThat(MountRequest.parseMount("type=volume,src=d1,dst=/d,volume-subpath=a/b", HERE))
        .isEqualTo(new MountRequest.Volume("d1", "/d", false, true, Map.of(), Optional.of("a/b")));
    assertThatThrownBy(
            () -> MountRequest.parseMount("type=volume,src=d1,dst=/d,volume-subpath=a/../..", HERE))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("is no relative path below the volume");
  }

  @Test
  void anotherContainerSharesAllButItsMemory() {
    MountRequest volume = MountRequest.parseVolume("data:/d", HERE);

    assertThat(MountRequest.shared(volume, true))
        .contains(MountRequest.parseVolume("data:/d:ro", HERE));
    assertThat(MountRequest.shared(MountRequest.parseTmpfs("/t"), false)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"no", "always", "unless-stopped", "on-failure", "on-failure:3"})
  void aRestartPolicyIsWrittenAsItIsRead(String text) {
    assertThat(RestartPolicy.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sometimes", "always:2", "on-failure:-1", "on-failure:x", "no:1"})
  void otherRestartPoliciesAreRefused(String text) {
    assertThatThrownBy(() -> RestartPolicy.parse(text))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageStartingWith("invalid restart policy");
  }

  @Test
  void aHealthCheckOfTheEngineIsToldFromACommand() {
    assertThat(Healthcheck.Probe.parse("tcp:80")).contains(new Healthcheck.Probe.Tcp(80));
    assertThat(Healthcheck.Probe.parse("http:8080"))
        .contains(new Healthcheck.Probe.Http(8080, "/"));
    assertThat(Healthcheck.Probe.parse("http://localhost/a?b=c"))
        .contains(new Healthcheck.Probe.Http(80, "/a?b=c"));
    assertThat(Healthcheck.Probe.parse("curl http://localhost/")).isEmpty();
    assertThatThrownBy(() -> Healthcheck.Probe.parse("tcp:0"))
        .isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void otherLimitsReplaceThoseThatTheyName() {
    Limits before =
        new ContainerSpecBuilder(new RootSource.Host())
            .limits(limits(Optional.of(64L << 20), Optional.of(500_000_000L), Optional.empty()))
            .build()
            .limits();

    Limits after = before.with(limits(Optional.empty(), Optional.empty(), Optional.of(50_000L)));
    assertThat(after.memory()).contains(64L << 20);
    assertThat(after.nanoCpus()).isEmpty();
    assertThat(after.cpuQuota()).contains(50_000L);
  }

  @Test
  void anotherPeriodAloneKeepsTheNumberOfProcessors() {
    Limits half = limits(Optional.empty(), Optional.of(500_000_000L), Optional.empty());
    Limits period =
        new Limits(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.of(20_000L),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    assertThat(half.with(period).cpuQuota()).contains(10_000L);
    assertThat(half.with(period).cpuPeriod()).contains(20_000L);
  }

  @Test
  void whatTheKernelWouldKeepNeedsANewStart() {
    ContainerSpec wide = limited(limits(Optional.of(64L << 20), Optional.empty()));
    ContainerSpec narrow = limited(limits(Optional.of(8L << 20), Optional.of(16L << 20)));

    assertThat(UpdateRequest.needStart(wide, narrow)).isEmpty();
    assertThat(UpdateRequest.needStart(narrow, wide)).containsExactly("limits");
  }

  private static ContainerSpec limited(Limits limits) {
    return new ContainerSpecBuilder(new RootSource.Host()).limits(limits).build();
  }

  private static Limits limits(Optional<Long> memory, Optional<Long> swap) {
    return new Limits(
        memory,
        swap,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  @Test
  void aPatternForTheLogIsChecked() {
    assertThatThrownBy(() -> new LogRequest(LogRequest.JSON_FILE, Map.of("env-regex", "(")))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessage("invalid env-regex: '('");
  }

  private static Limits limits(
      Optional<Long> memory, Optional<Long> processors, Optional<Long> quota) {
    return new Limits(
        memory,
        Optional.empty(),
        Optional.empty(),
        processors,
        Optional.empty(),
        Optional.empty(),
        quota,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }
}
