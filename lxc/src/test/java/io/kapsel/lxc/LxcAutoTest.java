package io.kapsel.lxc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.oci.Linux;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Spec;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LxcAutoTest {
  private static final Spec USUAL =
      new Spec(
          Spec.VERSION,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          List.of(
              Mount.of("/sys", "sysfs", "sysfs", "nosuid", "ro"),
              Mount.of("/sys/fs/cgroup", "cgroup", "cgroup", "rw", "nosuid")),
          Optional.empty(),
          Map.of(),
          Optional.of(linux(List.of("/proc/sys"), List.of(Namespace.own(Namespace.Type.USER)))));

  private static Linux linux(List<String> readOnly, List<Namespace> namespaces) {
    return new Linux(
        List.of(),
        List.of(),
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        namespaces,
        List.of(),
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        List.of("/proc/kcore"),
        readOnly,
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Optional.empty());
  }

  private static LxcAuto auto(String... values) {
    return new LxcAuto(
        new LxcConfig(
            Arrays.stream(values)
                .map(it -> new LxcConfig.Entry("lxc.mount.auto", it, Path.of("config"), 1))
                .toList()));
  }

  private static List<String> options(Spec spec, int mount) {
    return spec.mounts().get(mount).options();
  }

  @Test
  void whatIsSoAnywayChangesNothing() {
    LxcAuto usual = auto("proc:mixed sys:ro cgroup:rw:force", "cgroup-full:rw sys proc");

    assertThat(usual.changes()).isFalse();
    assertThat(usual.in(USUAL)).isEqualTo(USUAL);
  }

  /** As userns.conf, which is included after common.conf, has it. */
  @Test
  void theLastWordOfEachCounts() {
    LxcAuto auto = auto("cgroup:mixed proc:mixed sys:mixed", "sys:rw");

    assertThat(auto.changes()).isTrue();
    assertThat(options(auto.in(USUAL), 0)).containsExactly("nosuid", "rw");
    assertThat(options(auto.in(USUAL), 1)).containsExactly("rw", "nosuid");
    assertThat(auto.in(USUAL).linux()).isEqualTo(USUAL.linux());
    assertThat(auto("sys:rw", "sys:mixed").in(USUAL)).isEqualTo(USUAL);
  }

  @Test
  void procIsWritableAndWhatIsHiddenStaysHidden() {
    Linux open = auto("proc:rw").in(USUAL).linux().orElseThrow();

    assertThat(open.readonlyPaths()).isEmpty();
    assertThat(open.maskedPaths()).containsExactly("/proc/kcore");
  }

  @Test
  void onlyAUserNamespaceMakesThatHarmless() {
    Spec bare = USUAL.withLinux(Optional.of(linux(List.of("/proc/sys"), List.of())));

    assertThat(auto("proc:mixed").in(bare)).isEqualTo(bare);
    assertThatThrownBy(() -> auto("proc:rw").in(bare))
        .hasMessageContaining("for a container in a user namespace");
  }

  @Test
  void controlGroupsMayBeReadOnly() {
    assertThat(options(auto("cgroup:ro").in(USUAL), 1)).containsExactly("ro", "nosuid");
    assertThat(options(auto("cgroup-full:ro:force").in(USUAL), 1)).containsExactly("ro", "nosuid");
  }
}
