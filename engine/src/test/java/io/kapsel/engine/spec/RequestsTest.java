package io.kapsel.engine.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
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

  @ParameterizedTest
  @ValueSource(
      strings = {"/a", "name:/data", ":/data", "/a:data", "/a:/", "/a:/b:xx", "/a:/b:ro:x"})
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
}
