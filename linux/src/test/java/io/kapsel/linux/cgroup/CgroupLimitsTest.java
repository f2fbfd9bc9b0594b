package io.kapsel.linux.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Limits as writes, on hosts of each kind, and the limits that are refused. */
class CgroupLimitsTest {
  private static final CgroupHost V2 =
      new CgroupHost(
          Optional.of(Path.of("/sys/fs/cgroup")),
          Set.of("cpu", "cpuset", "io", "memory", "pids", "hugetlb"),
          Map.of());
  private static final CgroupHost V1 =
      new CgroupHost(
          Optional.empty(),
          Set.of(),
          Map.of(
              "cpu", Path.of("/c/cpu"),
              "cpuset", Path.of("/c/cpuset"),
              "memory", Path.of("/c/memory"),
              "blkio", Path.of("/c/blkio"),
              "pids", Path.of("/c/pids"),
              "hugetlb", Path.of("/c/hugetlb")));
  private static final CgroupHost BARE = new CgroupHost(Optional.empty(), Set.of(), Map.of());
  private static final long MIB = 1 << 20;

  @Test
  void version2CountsSwapByItself() {
    assertThat(lines(memory(64 * MIB, 96 * MIB), V2))
        .containsExactly("memory.max=67108864", "memory.swap.max=33554432");
    assertThat(lines(memory(64 * MIB, -1), V2))
        .containsExactly("memory.max=67108864", "memory.swap.max=max");
    assertThat(lines(memory(64 * MIB, 64 * MIB), V2)).contains("memory.swap.max=0");
  }

  @Test
  void version1TakesTheLimitBeforeTheOneWithSwap() {
    assertThat(lines(memory(64 * MIB, 96 * MIB), V1))
        .containsExactly("memory.limit_in_bytes=67108864", "memory.memsw.limit_in_bytes=100663296");
  }

  @Test
  void refusesMemoryLimitsThatMakeNoSense() {
    assertThatThrownBy(() -> memory(4 * MIB, -1))
        .hasMessage("cannot limit memory to 4194304 bytes: a program needs at least 6 MiB");
    assertThatThrownBy(() -> memory(64 * MIB, 32 * MIB))
        .hasMessage(
            "cannot limit memory with swap to 33554432 bytes: that is below the 67108864 bytes of"
                + " memory alone; the value counts both");
    assertThatThrownBy(() -> memory(-1, 32 * MIB))
        .hasMessage("cannot limit swap: memory has no limit, and needs one then");
  }

  @Test
  void processorTimeHasOneFileInVersion2AndTwoInVersion1() {
    CgroupLimits half = cpu(50_000, 0, Optional.empty());
    assertThat(lines(half, V2)).containsExactly("cpu.max=50000 100000");
    assertThat(lines(half, V1))
        .containsExactly("cpu.cfs_period_us=100000", "cpu.cfs_quota_us=50000");
  }

  @Test
  void sharesBecomeAWeightThroughThreePoints() {
    assertThat(CpuLimits.weightOf(2)).isEqualTo(1);
    assertThat(CpuLimits.weightOf(1024)).isEqualTo(100);
    assertThat(CpuLimits.weightOf(262_144)).isEqualTo(10_000);
    assertThat(lines(cpu(-1, 512, Optional.empty()), V1)).contains("cpu.shares=512");
  }

  @Test
  void refusesProcessorsThatTheHostDoesNotHave() {
    cpu(200_000, 0, Optional.of("0-1")).cpu().requireProcessors(2);
    assertThatThrownBy(() -> cpu(250_000, 0, Optional.empty()).cpu().requireProcessors(2))
        .hasMessage("cannot use 2.5 cpus: this host has 2");
    assertThatThrownBy(() -> cpu(-1, 0, Optional.of("0,4-9")).cpu().requireProcessors(2))
        .hasMessage("cannot use cpus '0,4-9': this host has '0-1'");
    for (String wrong : List.of("", "a", "1-", "3-1", "1,,2", "-1", "1-2-3", "99999999")) {
      assertThatThrownBy(() -> cpu(-1, 0, Optional.of(wrong)))
          .hasMessage("cannot use cpus '" + wrong + "': it is not a list such as '0-2,5'");
    }
  }

  @Test
  void weightsAndRatesOfDevicesAreTranslated() {
    IoLimits io =
        new IoLimits(
            OptionalInt.of(1000),
            List.of(new IoLimits.DeviceWeight(8, 0, 10)),
            List.of(
                new IoLimits.DeviceRate(IoLimits.Kind.READ_BYTES, 8, 0, 1000),
                new IoLimits.DeviceRate(IoLimits.Kind.WRITE_OPERATIONS, 8, 0, 7)));
    CgroupLimits limits =
        new CgroupLimits(
            MemoryLimits.NONE, CpuLimits.NONE, io, OptionalLong.empty(), Map.of(), Map.of());
    assertThat(lines(limits, V2))
        .containsExactly(
            "io.weight=default 10000", "io.weight=8:0 1", "io.max=8:0 rbps=1000 wiops=7");
    assertThat(lines(limits, V1))
        .containsExactly(
            "blkio.bfq.weight=1000",
            "blkio.bfq.weight_device=8:0 10",
            "blkio.throttle.read_bps_device=8:0 1000",
            "blkio.throttle.write_iops_device=8:0 7");
  }

  @Test
  void filesOfVersion2AreTakenAsTheyAreButNeverPaths() {
    assertThat(lines(unified("memory.high", "1000"), V2)).containsExactly("memory.high=1000");
    assertThatThrownBy(() -> unified("../cgroup.procs", "1"))
        .hasMessageStartingWith("cannot set '../cgroup.procs' of a control group");
    assertThatThrownBy(() -> lines(unified("memory.high", "1"), V1))
        .hasMessageContaining("no 'memory' controller in its version 2 tree");
  }

  @Test
  void refusesWhatTheHostCannotHold() {
    assertThatThrownBy(() -> lines(memory(64 * MIB, -1), BARE))
        .hasMessage("cannot limit memory: this host has no 'memory' controller");
    assertThat(CgroupLimits.NONE.writes(BARE)).isEmpty();
    assertThat(BARE.mode()).isEqualTo(CgroupHost.Mode.NONE);
  }

  private static List<String> lines(CgroupLimits limits, CgroupHost host) {
    return limits.writes(host).stream().map(each -> each.file() + "=" + each.value()).toList();
  }

  private static CgroupLimits memory(long limit, long withSwap) {
    MemoryLimits memory =
        new MemoryLimits(
            OptionalLong.of(limit),
            OptionalLong.of(withSwap),
            OptionalLong.empty(),
            OptionalInt.empty(),
            false);
    return new CgroupLimits(
        memory, CpuLimits.NONE, IoLimits.NONE, OptionalLong.empty(), Map.of(), Map.of());
  }

  private static CgroupLimits cpu(long quota, long shares, Optional<String> cpus) {
    CpuLimits cpu =
        new CpuLimits(
            quota < 0 ? OptionalLong.empty() : OptionalLong.of(quota),
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalLong.of(shares),
            false,
            cpus,
            Optional.empty());
    return new CgroupLimits(
        MemoryLimits.NONE, cpu, IoLimits.NONE, OptionalLong.empty(), Map.of(), Map.of());
  }

  private static CgroupLimits unified(String file, String value) {
    return new CgroupLimits(
        MemoryLimits.NONE,
        CpuLimits.NONE,
        IoLimits.NONE,
        OptionalLong.empty(),
        Map.of(),
        Map.of(file, value));
  }
}
