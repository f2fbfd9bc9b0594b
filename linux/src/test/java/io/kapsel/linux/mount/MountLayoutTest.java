package io.kapsel.linux.mount;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.CLayout;
import org.junit.jupiter.api.Test;

class MountLayoutTest {
  @Test
  void attributesLieWhereTheKernelLooks() {
    assertThat(MountAttributes.SIZE).isEqualTo(CLayout.of("struct mount_attr"));
    assertThat(24).isEqualTo(CLayout.of("struct mount_attr.userns_fd"));
  }
}
