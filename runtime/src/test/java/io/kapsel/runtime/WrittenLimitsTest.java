package io.kapsel.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Resources;
import io.kapsel.oci.Spec;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every limit of the specification in both versions of control groups. */
class WrittenLimitsTest {
  private static final Set<String> ALL =
      Set.of("cpu", "cpuset", "memory", "io", "pids", "hugetlb", "rdma");
  private static final CgroupHost NEW =
      new CgroupHost(Optional.of(Path.of("/sys/fs/cgroup")), ALL, Map.of());
  private static final CgroupHost OLD = old(Optional.empty());
  private static final CgroupHost BOTH = old(Optional.of(Path.of("/sys/fs/cgroup/unified")));

  private static CgroupHost old(Optional<Path> unified) {
    Map<String, Path> v1 = new HashMap<>();
    for (String name :
        Set.of(
            "cpu", "cpuset", "memory", "blkio", "pids", "hugetlb", "rdma", "net_cls", "net_prio")) {
      v1.put(name, Path.of("/sys/fs/cgroup", name));
    }
    return new CgroupHost(unified, Set.of(), v1);
  }

  private static List<String> writes(String resources, CgroupHost host) {
    return WrittenLimits.of(parse(resources), host).stream()
        .map(each -> each.file() + "=" + each.value() + (each.optional() ? "?" : ""))
        .toList();
  }

  private static Resources parse(String resources) {
    String json = "{\"ociVersion\":\"1.3.0\",\"linux\":{\"resources\":{" + resources + "}}}";
    return Spec.parse(json.getBytes(UTF_8)).linux().flatMap(Linux::resources).orElseThrow();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"memory\":{\"limit\":1000,\"swap\":3000,\"reservation\":500}"
            + "|memory.max=1000, memory.swap.max=2000, memory.low=500"
            + "|memory.limit_in_bytes=1000, memory.memsw.limit_in_bytes=3000,"
            + " memory.soft_limit_in_bytes=500",
        "\"memory\":{\"limit\":-1}|memory.max=max, memory.swap.max=max"
            + "|memory.limit_in_bytes=-1, memory.memsw.limit_in_bytes=-1?",
        "\"memory\":{\"limit\":1000,\"swap\":1000}|memory.max=1000, memory.swap.max=0"
            + "|memory.limit_in_bytes=1000, memory.memsw.limit_in_bytes=1000",
        "\"memory\":{\"limit\":0,\"swap\":0,\"disableOOMKiller\":false}||",
        "\"cpu\":{\"shares\":1024}|cpu.weight=100|cpu.shares=1024",
        "\"cpu\":{\"shares\":2,\"idle\":1}|cpu.weight=1, cpu.idle=1|cpu.shares=2, cpu.idle=1",
        "\"cpu\":{\"quota\":50000,\"period\":200000,\"burst\":10}"
            + "|cpu.max=50000 200000, cpu.max.burst=10"
            + "|cpu.cfs_period_us=200000, cpu.cfs_quota_us=50000, cpu.cfs_burst_us=10",
        "\"cpu\":{\"quota\":-1}|cpu.max=max 100000|cpu.cfs_quota_us=-1",
        "\"cpu\":{\"period\":5000}|cpu.max=max 5000|cpu.cfs_period_us=5000",
        "\"cpu\":{\"cpus\":\"0-2\",\"mems\":\"0\"}|cpuset.cpus=0-2, cpuset.mems=0"
            + "|cpuset.cpus=0-2, cpuset.mems=0",
        "\"pids\":{\"limit\":7}|pids.max=7|pids.max=7",
        "\"pids\":{\"limit\":-1}|pids.max=max|pids.max=max",
        "\"pids\":{\"limit\":0}|pids.max=1|pids.max=1",
        "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4096}]"
            + "|hugetlb.2MB.max=4096, hugetlb.2MB.rsvd.max=4096?"
            + "|hugetlb.2MB.limit_in_bytes=4096, hugetlb.2MB.rsvd.limit_in_bytes=4096?",
        "\"rdma\":{\"mlx\":{\"hcaHandles\":3,\"hcaObjects\":4}}"
            + "|rdma.max=mlx hca_handle=3 hca_object=4|rdma.max=mlx hca_handle=3 hca_object=4",
        "\"blockIO\":{\"weight\":10,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":1000}]}"
            + "|io.weight=default 1, io.weight=8:0 10000"
            + "|blkio.bfq.weight=10, blkio.bfq.weight_device=8:0 1000",
        "\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}],"
            + "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":6}]}"
            + "|io.max=8:0 rbps=5 wiops=6"
            + "|blkio.throttle.read_bps_device=8:0 5, blkio.throttle.write_iops_device=8:0 6",
      })
  void areWrittenAsEachVersionWantsThem(String resources, String unified, String legacy) {
    assertThat(String.join(", ", writes(resources, NEW))).isEqualTo(unified == null ? "" : unified);
    assertThat(String.join(", ", writes(resources, OLD))).isEqualTo(legacy == null ? "" : legacy);
    assertThat(writes(resources, BOTH)).isEqualTo(writes(resources, OLD));
  }

  @Test
  void versionOneHasWhatVersionTwoHasNot() {
    assertThat(
            writes(
                "\"network\":{\"classID\":9,\"priorities\":[{\"name\":\"eth0\",\"priority\":2}]},"
                    + "\"memory\":{\"swappiness\":60,\"disableOOMKiller\":true},"
                    + "\"cpu\":{\"realtimeRuntime\":950,\"realtimePeriod\":1000},"
                    + "\"blockIO\":{\"leafWeight\":20}",
                OLD))
        .containsExactly(
            "memory.swappiness=60",
            "memory.oom_control=1",
            "cpu.rt_period_us=1000",
            "cpu.rt_runtime_us=950",
            "blkio.leaf_weight=20",
            "net_cls.classid=9",
            "net_prio.ifpriomap=eth0 2");
  }

  @Test
  void noLimitNeedsNobodyWhoCounts() {
    CgroupHost none = new CgroupHost(Optional.of(Path.of("/sys/fs/cgroup")), Set.of(), Map.of());

    assertThat(writes("\"pids\":{\"limit\":0}", none)).isEmpty();
    assertThat(writes("\"pids\":{\"limit\":-1}", none)).isEmpty();
    assertThatThrownBy(() -> writes("\"pids\":{\"limit\":7}", none))
        .hasMessageContaining("this host has no 'pids' controller");
  }

  @Test
  void filesOfVersionTwoAreTakenAsTheyAre() {
    assertThat(writes("\"unified\":{\"memory.high\":\"5\",\"cgroup.max.depth\":\"1\"}", NEW))
        .containsExactly("cgroup.max.depth=1", "memory.high=5");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"memory\":{\"swappiness\":60}|'linux.resources.memory.swappiness' cannot be honoured",
        "\"memory\":{\"disableOOMKiller\":true}|'linux.resources.memory.disableOOMKiller' cannot",
        "\"memory\":{\"swap\":5}|unable to set swap limit without memory limit",
        "\"memory\":{\"limit\":9,\"swap\":5}|memory+swap limit should be >= memory limit",
        "\"cpu\":{\"realtimePeriod\":5}|'linux.resources.cpu.realtimeRuntime' cannot be honoured",
        "\"cpu\":{\"cpus\":\"x\"}|cannot use cpus 'x'",
        "\"network\":{\"classID\":5}|'linux.resources.network.classID' cannot be honoured: this host",
        "\"network\":{\"priorities\":[{\"name\":\"a\",\"priority\":1}]}|no 'net_prio' controller",
        "\"blockIO\":{\"leafWeight\":20}|'linux.resources.blockIO.leafWeight' cannot be honoured",
        "\"blockIO\":{\"weight\":5}|is not between 10 and 1000: '5'",
        "\"hugepageLimits\":[{\"pageSize\":\"../x\",\"limit\":1}]|has no size: '../x'",
        "\"unified\":{\"misc.max\":\"1\"}|this host has no 'misc' controller in its version 2 tree",
      })
  void areRefusedByNameWhereVersionTwoCannotHoldThem(String resources, String why) {
    assertThatThrownBy(() -> writes(resources, NEW))
        .isInstanceOfAny(LaunchException.class, io.kapsel.linux.cgroup.CgroupException.class)
        .hasMessageContaining(why);
  }
}
