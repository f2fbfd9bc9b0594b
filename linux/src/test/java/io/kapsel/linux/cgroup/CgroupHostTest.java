package io.kapsel.linux.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Where control groups are, as mount tables tell. */
class CgroupHostTest {
  private static final String PLAIN = "22 27 0:21 / /proc rw,relatime - proc proc rw\n";
  private static final String UNIFIED =
      "41 31 0:38 / /sys/fs/cgroup%s rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
  private static final String LEGACY =
      """
      32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
      35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
      38 31 0:35 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio
      40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
      """;

  @Test
  void onePureTreeIsVersion2() {
    CgroupHost host =
        CgroupHost.parse(PLAIN + UNIFIED.formatted(""), Set.of("memory", "io", "pids"));
    assertThat(host.mode()).isEqualTo(CgroupHost.Mode.V2);
    assertThat(host.unified()).contains(Path.of("/sys/fs/cgroup"));
    assertThat(host.onUnified("memory")).isTrue();
    assertThat(host.has("cpu")).isFalse();
  }

  @Test
  void bothIsHybrid() {
    CgroupHost host = CgroupHost.parse(LEGACY + UNIFIED.formatted("/unified"), Set.of("hugetlb"));
    assertThat(host.mode()).isEqualTo(CgroupHost.Mode.HYBRID);
    assertThat(host.v1()).containsOnlyKeys("cpu", "cpuacct", "memory", "blkio", "name=systemd");
    assertThat(host.v1()).containsEntry("cpu", Path.of("/sys/fs/cgroup/cpu,cpuacct"));
    assertThat(host.onUnified("hugetlb")).isTrue();
    assertThat(host.onUnified("memory")).isFalse();
  }

  @Test
  void ioIsTheBlkioOfVersion1() {
    CgroupHost host = CgroupHost.parse(LEGACY, Set.of());
    assertThat(host.mode()).isEqualTo(CgroupHost.Mode.V1);
    assertThat(host.has("io")).isTrue();
    assertThat(host.has("pids")).isFalse();
  }

  @Test
  void brokenLinesAreNoHierarchies() {
    CgroupHost host = CgroupHost.parse("\n - \nx y\n1 2 3 - cgroup2\n" + PLAIN, Set.of());
    assertThat(host.mode()).isEqualTo(CgroupHost.Mode.NONE);
  }
}
