package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.host.HostFacts;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CgroupPlaceTest {
  private static final String SESSION = "/user.slice/user-0.slice/session-1.scope";

  private static Path group(HostFacts facts, String path, Map<String, String> own, String name) {
    return CgroupPlace.of(facts.cgroups(), path, "web", own).group(name);
  }

  private static Path unified(String path, String own) {
    return group(Hosts.current(), path, Map.of(CgroupPlace.UNIFIED, own), CgroupPlace.UNIFIED);
  }

  /** The caller is a process of its own group, which so cannot pass controllers on. */
  @Test
  void isBesideTheCallersGroupWhereAllAreOfVersionTwo() {
    assertThat(unified("", SESSION))
        .isEqualTo(Path.of("/sys/fs/cgroup/user.slice/user-0.slice/web"));
    assertThat(unified("a/b", SESSION))
        .isEqualTo(Path.of("/sys/fs/cgroup/user.slice/user-0.slice/a/b"));
    assertThat(unified("", "/")).isEqualTo(Path.of("/sys/fs/cgroup/web"));
  }

  @Test
  void isBelowTheCallersGroupOfVersionOne() {
    assertThat(group(Hosts.onlyVersionOne(), "", Map.of("memory", "/a"), "memory"))
        .isEqualTo(Path.of("/sys/fs/cgroup/memory/a/web"));
  }

  @Test
  void isBelowTheMountPointWhereThePathIsAbsolute() {
    assertThat(unified("/x/y", SESSION)).isEqualTo(Path.of("/sys/fs/cgroup/x/y"));
  }
}
