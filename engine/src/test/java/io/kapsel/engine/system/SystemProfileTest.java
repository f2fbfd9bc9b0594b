package io.kapsel.engine.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.capability.Capability;
import org.junit.jupiter.api.Test;

class SystemProfileTest {
  private static final String ID = "0123456789abcdef0123456789abcdef" + "f".repeat(32);

  @Test
  void namesTheMachineAfterTheContainer() {
    assertThat(SystemProfile.environment(ID))
        .contains("container_uuid=01234567-89ab-cdef-0123-456789abcdef", "container=lxc");
  }

  @Test
  void givesNoRightInNameOnly() {
    assertThat(SystemProfile.capabilities(true).contains(Capability.SYS_ADMIN)).isTrue();
    assertThat(SystemProfile.capabilities(true).contains(Capability.AUDIT_READ)).isFalse();
    assertThat(SystemProfile.capabilities(true).contains(Capability.SYS_RAWIO)).isFalse();
  }

  @Test
  void keepsWhatIsOfTheHostFromItsUsersToo() {
    assertThat(SystemProfile.capabilities(false).contains(Capability.SYS_MODULE)).isFalse();
    assertThat(SystemProfile.capabilities(false).contains(Capability.SYS_TIME)).isFalse();
    assertThat(SystemProfile.capabilities(false).contains(Capability.AUDIT_WRITE)).isTrue();
  }
}
