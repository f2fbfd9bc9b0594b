package io.kapsel.linux.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.host.HostCheck.State;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HostDiagnosisTest {
  private static final CgroupHost V2 =
      new CgroupHost(
          Optional.of(Path.of("/sys/fs/cgroup")),
          Set.of("cpu", "cpuset", "memory", "pids", "io"),
          Map.of());

  /** A host on which all is well; a test breaks one thing. */
  private final Map<String, String> present = new HashMap<>();

  HostDiagnosisTest() {
    for (String kind : List.of("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")) {
      present.put("/proc/self/ns/" + kind, "");
    }
    present.put("/proc/self/status", "Name:\tjava\nUid:\t0\t0\t0\t0");
    present.put("/proc/filesystems", "nodev\tproc\nnodev\toverlay\n\text4");
    present.put("/proc/sys/kernel/seccomp/actions_avail", "kill_process kill_thread errno allow");
    present.put("/proc/sys/kernel/unprivileged_bpf_disabled", "2");
    present.put("/proc/sys/vm/memfd_noexec", "0");
    present.put("/proc/self/cgroup", "0::/system.slice/kapsel.service");
    present.put("/sys/fs/cgroup/system.slice/kapsel.service/memory.swap.max", "max");
    present.put("/usr/sbin/apparmor_parser", "");
  }

  @Test
  void aGoodHostIsWell() {
    List<HostCheck> checks = checks(facts(6, 18, V2, 100, CapabilitySet.ALL));

    assertThat(checks).hasSizeGreaterThan(20);
    assertThat(checks).allMatch(check -> check.state() == State.OK && check.mend().isEmpty());
  }

  @Test
  void everyFileThatIsMissingIsFound() {
    Map<String, String> all = Map.copyOf(present);
    for (String file : all.keySet()) {
      if (file.endsWith("memfd_noexec") || file.equals("/proc/self/cgroup")) {
        continue;
      }
      present.remove(file);
      assertThat(checks(facts(6, 18, V2, 100, CapabilitySet.ALL)))
          .as(file)
          .filteredOn(check -> check.state() != State.OK)
          .hasSize(1)
          .allMatch(check -> !check.mend().isEmpty());
      present.put(file, all.get(file));
    }
  }

  @Test
  void anOldKernelIsMissingSomethingAndAYoungerOneLimited() {
    assertThat(state(facts(5, 18, V2, 100, CapabilitySet.ALL), "kernel")).isEqualTo(State.MISSING);
    assertThat(state(facts(6, 14, V2, 100, CapabilitySet.ALL), "kernel")).isEqualTo(State.LIMITED);
  }

  @Test
  void aHybridHostWorks() {
    CgroupHost hybrid =
        new CgroupHost(
            Optional.of(Path.of("/sys/fs/cgroup/unified")),
            Set.of(),
            Map.of("memory", Path.of("/m"), "blkio", Path.of("/b")));
    present.put("/m/memory.memsw.limit_in_bytes", "");
    HostFacts facts = facts(6, 18, hybrid, 100, CapabilitySet.ALL);

    assertThat(state(facts, "cgroups")).isEqualTo(State.LIMITED);
    assertThat(state(facts, "cgroup memory")).isEqualTo(State.OK);
    assertThat(state(facts, "cgroup io")).isEqualTo(State.OK);
    assertThat(state(facts, "cgroup cpu")).isEqualTo(State.LIMITED);
    assertThat(state(facts, "swap accounting")).isEqualTo(State.OK);
  }

  @Test
  void version1AloneHasNoKillButFiltersDevices() {
    CgroupHost v1 =
        new CgroupHost(Optional.empty(), Set.of(), Map.of("devices", Path.of("/sys/fs/cgroup/d")));
    HostFacts facts = facts(6, 18, v1, 100, CapabilitySet.ALL);

    assertThat(state(facts, "cgroup.kill")).isEqualTo(State.LIMITED);
    assertThat(state(facts, "device filter")).isEqualTo(State.OK);
    assertThat(state(facts, "swap accounting")).isEqualTo(State.LIMITED);
  }

  @Test
  void withoutCgroupsNothingRuns() {
    CgroupHost none = new CgroupHost(Optional.empty(), Set.of(), Map.of());
    HostFacts facts = facts(6, 18, none, 100, CapabilitySet.ALL);

    assertThat(state(facts, "cgroups")).isEqualTo(State.MISSING);
    assertThat(state(facts, "device filter")).isEqualTo(State.MISSING);
  }

  @Test
  void theEngineNeedsItsPowers() {
    CapabilitySet few = CapabilitySet.of(Capability.CHOWN);
    HostFacts facts = facts(6, 18, V2, 0, few);

    assertThat(state(facts, "root")).isEqualTo(State.MISSING);
    assertThat(state(facts, "resource limits")).isEqualTo(State.LIMITED);
    assertThat(state(facts, "user namespaces")).isEqualTo(State.MISSING);
    present.put("/proc/self/status", "Uid:\t1000\t1000\t1000\t1000");
    assertThat(state(facts(6, 18, V2, 100, CapabilitySet.ALL), "root")).isEqualTo(State.MISSING);
  }

  @Test
  void sealedMemoryMustBeExecutable() {
    HostFacts facts = facts(6, 18, V2, 100, CapabilitySet.ALL);
    present.put("/proc/sys/vm/memfd_noexec", "1");
    assertThat(state(facts, "memfd_noexec")).isEqualTo(State.OK);
    present.put("/proc/sys/vm/memfd_noexec", "2");
    assertThat(state(facts, "memfd_noexec")).isEqualTo(State.MISSING);
  }

  @Test
  void thisHostCanBeLookedAt() {
    assertThat(HostDiagnosis.of(HostFacts.probe()))
        .extracting(HostCheck::name)
        .contains("kernel", "overlay", "seccomp")
        .doesNotHaveDuplicates();
  }

  private State state(HostFacts facts, String name) {
    return checks(facts).stream()
        .filter(check -> check.name().equals(name))
        .findFirst()
        .orElseThrow()
        .state();
  }

  private List<HostCheck> checks(HostFacts facts) {
    HostFiles files =
        new HostFiles() {
          @Override
          public String text(String path) {
            return present.getOrDefault(path, "");
          }

          @Override
          public boolean exists(String path) {
            return present.containsKey(path);
          }
        };
    return new HostDiagnosis(facts, files).checks();
  }

  private static HostFacts facts(
      int major, int minor, CgroupHost cgroups, long userNamespaces, CapabilitySet bounding) {
    return new HostFacts(
        major, minor, cgroups, userNamespaces, true, false, 40, 2, bounding, Map.of());
  }
}
