package io.kapsel.linux.capability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Names, numbers and set arithmetic of capabilities. */
class CapabilityTest {
  @Test
  void hasTheNumbersOfTheKernel() {
    assertThat(Capability.CHOWN.number()).isZero();
    assertThat(Capability.SYS_ADMIN.number()).isEqualTo(21);
    assertThat(Capability.SETFCAP.number()).isEqualTo(31);
    assertThat(Capability.CHECKPOINT_RESTORE.number()).isEqualTo(40);
    assertThat(Capability.values()).hasSize(41);
  }

  @Test
  void isFoundByAnyFormOfItsName() {
    assertThat(Capability.parse("CAP_NET_RAW")).isEqualTo(Capability.NET_RAW);
    assertThat(Capability.parse("net_raw")).isEqualTo(Capability.NET_RAW);
    assertThat(Capability.parse("cap_net_raw")).isEqualTo(Capability.NET_RAW);
    assertThatThrownBy(() -> Capability.parse("CAP_CAP_KILL"))
        .hasMessage("cannot use capability 'CAP_CAP_KILL': there is none of that name");
  }

  @Test
  void givesTheFourteenOfDocker() {
    assertThat(CapabilitySet.DEFAULT.members()).hasSize(14);
    assertThat(Long.toHexString(CapabilitySet.DEFAULT.mask())).isEqualTo("a80425fb");
  }

  @Test
  void printsAndParsesItself() {
    CapabilitySet two = CapabilitySet.of(Capability.BPF, Capability.CHOWN);
    assertThat(two).hasToString("CAP_CHOWN,CAP_BPF");
    assertThat(CapabilitySet.named(two.labels())).isEqualTo(two);
    assertThat(CapabilitySet.parseHex("0000008000000001\n")).isEqualTo(two);
  }

  @Test
  void additionsWinOverDropsAsWithDocker() {
    assertThat(adjusted(List.of("kill"), List.of("KILL", "CHOWN")))
        .isEqualTo(CapabilitySet.DEFAULT.minus(CapabilitySet.of(Capability.CHOWN)));
  }

  @Test
  void allIsUnderstoodOnBothSides() {
    assertThat(adjusted(List.of("ALL"), List.of("SYS_ADMIN")))
        .isEqualTo(CapabilitySet.ALL.minus(CapabilitySet.of(Capability.SYS_ADMIN)));
    assertThat(adjusted(List.of("NET_ADMIN"), List.of("all")))
        .isEqualTo(CapabilitySet.of(Capability.NET_ADMIN));
    assertThat(adjusted(List.of("ALL"), List.of("ALL"))).isEqualTo(CapabilitySet.ALL);
  }

  @Test
  void isCutToWhatTheKernelKnows() {
    assertThat(CapabilitySet.ALL.upTo(37).members()).doesNotContain(Capability.PERFMON).hasSize(38);
    assertThat(CapabilitySet.ALL.upTo(63)).isEqualTo(CapabilitySet.ALL);
  }

  private static CapabilitySet adjusted(List<String> add, List<String> drop) {
    return CapabilitySet.DEFAULT.adjusted(add, drop);
  }
}
