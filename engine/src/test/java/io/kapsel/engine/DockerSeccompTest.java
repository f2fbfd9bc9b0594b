package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.seccomp.ArgumentCondition;
import io.kapsel.linux.seccomp.SeccompAction;
import io.kapsel.linux.seccomp.SeccompProfile;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Profiles as people have them in files. */
class DockerSeccompTest {
  private static final HostFacts FACTS =
      new HostFacts(
          6,
          1,
          new CgroupHost(Optional.empty(), Set.of(), Map.of()),
          0,
          false,
          false,
          40,
          2,
          CapabilitySet.ALL,
          Map.of());
  private static final String PROFILE =
      """
      {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "syscalls": [
          {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW", "args": null, "comment": "",
           "includes": {}, "excludes": {}},
          {"name": "personality", "action": "SCMP_ACT_ALLOW",
           "args": [{"index": 0, "value": 18446744073709551615, "op": "SCMP_CMP_EQ"}]},
          {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
          {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}}
        ]
      }
      """;

  @Test
  void isReadWithWhatOthersWriteIntoIt() {
    SeccompProfile profile = DockerSeccomp.read(PROFILE, CapabilitySet.DEFAULT, FACTS);
    assertThat(profile.defaultAction().kind()).isEqualTo(SeccompAction.Kind.ERRNO);
    assertThat(profile.rules())
        .extracting(rule -> rule.calls().getFirst())
        .containsExactly("read", "personality", "ptrace");
    assertThat(profile.rules().get(1).conditions())
        .containsExactly(ArgumentCondition.of(0, ArgumentCondition.Operator.EQ, -1));
  }

  @Test
  void givesMoreToMoreCapabilities() {
    CapabilitySet admin = CapabilitySet.DEFAULT.plus(Capability.SYS_ADMIN);
    assertThat(DockerSeccomp.read(PROFILE, admin, FACTS).rules())
        .extracting(rule -> rule.calls().getFirst())
        .contains("mount");
  }

  @Test
  void saysWhatIsWrong() {
    for (String wrong : List.of("", "[]", "{", "{\"defaultAction\": \"SCMP_ACT_PERHAPS\"}")) {
      assertThatThrownBy(() -> DockerSeccomp.read(wrong, CapabilitySet.DEFAULT, FACTS))
          .isInstanceOf(EngineException.Invalid.class)
          .hasMessageStartingWith("cannot use 'the seccomp profile'");
    }
  }
}
