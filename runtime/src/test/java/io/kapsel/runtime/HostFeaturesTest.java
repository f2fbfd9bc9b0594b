package io.kapsel.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.oci.Features;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is announced must be what mounts and plans understand. */
class HostFeaturesTest {
  private final Features features = HostFeatures.of(Hosts.hybrid(), true);

  @Test
  void everyMountOptionThatIsAnnouncedIsUnderstood() {
    for (String option : features.mountOptions()) {
      MountOptions sorted = MountOptions.of(io.kapsel.oci.Mount.of("/x", "tmpfs", "t", option));
      if (!List.of("sync", "dirsync", "lazytime", "mand").contains(option)) {
        assertThat(sorted.data()).as(option).isEmpty();
      }
    }
    assertThat(features.mountOptions()).contains("ro", "rro", "rshared", "idmap", "tmpcopyup");
  }

  @Test
  void isTheDocumentOfTheSpecification() {
    assertThat(new String(features.toJson(), UTF_8))
        .startsWith(
            "{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"1.3.0\",\"hooks\":[\"prestart\",")
        .contains("\"cgroup\":{\"v1\":true,\"v2\":true,\"systemd\":true,")
        .contains("\"mountExtensions\":{\"idmap\":{\"enabled\":true}}")
        .contains("\"netDevices\":{\"enabled\":true}")
        .contains("\"org.opencontainers.runc.checkpoint.enabled\":\"true\"");
  }
}
