package io.kapsel.linux.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.host.HostFinding.State;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the doctor says of hosts of any kind. */
class HostDiagnosisTest {
  private static final CgroupHost V2 =
      new CgroupHost(
          Optional.of(Path.of("/sys/fs/cgroup")),
          Set.of("memory", "cpu", "cpuset", "pids", "io"),
          Map.of());
  private static final CgroupHost NONE = new CgroupHost(Optional.empty(), Set.of(), Map.of());
  private static final HostProbes GOOD =
      new HostProbes(
          Map.of(), List.of("ext4", "overlay"), "ext4", 0, true, true, true, true, true, true);

  @Test
  void findsNothingToMendOnAGoodHost() {
    List<HostFinding> findings =
        HostDiagnosis.findings(facts(6, 18, V2, 1000, true, CapabilitySet.ALL), GOOD);
    assertThat(findings).hasSizeGreaterThan(14).allMatch(each -> each.state() == State.OK);
    assertThat(findings).allMatch(each -> each.mend().isEmpty() && !each.meaning().isEmpty());
  }

  @Test
  void saysHowToMendWhatIsNotThere() {
    HostProbes bad =
        new HostProbes(
            Map.of(Syscall.OPENAT2, Errno.ENOSYS),
            List.of("ext4"),
            "nfs",
            2,
            false,
            false,
            false,
            false,
            false,
            false);
    List<HostFinding> findings =
        HostDiagnosis.findings(facts(5, 10, NONE, 0, false, CapabilitySet.DEFAULT), bad);
    assertThat(findings).allMatch(each -> each.state() != State.OK && !each.mend().isEmpty());
    assertThat(findings)
        .extracting(HostFinding::name)
        .contains("kernel", "user namespaces", "overlay", "control groups", "sealed launcher");
    assertThat(find(findings, "system calls").meaning())
        .isEqualTo("openat2: function not implemented (ENOSYS)");
    assertThat(find(findings, "privileges").meaning()).contains("CAP_SYS_ADMIN");
  }

  @Test
  void callsAnOldKernelLimited() {
    List<HostFinding> findings =
        HostDiagnosis.findings(facts(5, 15, V2, 1000, false, CapabilitySet.ALL), GOOD);
    assertThat(find(findings, "kernel").state()).isEqualTo(State.LIMITED);
    assertThat(find(findings, "overlay by descriptors").state()).isEqualTo(State.LIMITED);
    assertThat(find(findings, "security module").state()).isEqualTo(State.LIMITED);
  }

  @Test
  void namesTheLimitOfUlimits() {
    CapabilitySet without = CapabilitySet.ALL.minus(CapabilitySet.of(Capability.SYS_RESOURCE));
    HostFinding finding =
        find(HostDiagnosis.findings(facts(6, 18, V2, 1000, true, without), GOOD), "privileges");
    assertThat(finding.state()).isEqualTo(State.LIMITED);
    assertThat(finding.meaning()).contains("--ulimit");
  }

  @Test
  void runsOnThisHost() {
    List<HostFinding> findings = HostDiagnosis.diagnose(HostFacts.probe(), Path.of("/var/lib/x/y"));
    assertThat(findings).extracting(HostFinding::name).doesNotHaveDuplicates().contains("kernel");
  }

  private static HostFinding find(List<HostFinding> findings, String name) {
    return findings.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
  }

  private static HostFacts facts(
      int major,
      int minor,
      CgroupHost cgroups,
      long userNamespaces,
      boolean appArmor,
      CapabilitySet bounding) {
    return new HostFacts(
        major, minor, cgroups, userNamespaces, appArmor, false, 40, 2, bounding, Map.of());
  }
}
