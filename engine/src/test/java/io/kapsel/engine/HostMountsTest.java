package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.linux.mount.MountTable;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which file systems below {@code /} are seen in {@code host:}. */
class HostMountsTest {
  private static final String TABLE =
      """
      22 1 254:0 / / rw - ext4 /dev/vda rw
      23 22 254:1 / /usr ro - ext4 /dev/vdb rw
      24 23 254:2 / /usr/local rw - xfs /dev/vdc rw
      25 22 254:3 / /opt/tools rw - btrfs /dev/vdd rw
      26 22 0:20 / /proc rw - proc proc rw
      27 22 254:4 / /home rw - ext4 /dev/vde rw
      28 22 254:5 / /etc/secrets rw - ext4 /dev/vdf rw
      29 22 0:21 / /opt/remote rw - nfs4 server:/ rw
      30 22 254:6 / /var rw - ext4 /dev/vdg rw
      31 22 254:7 / /opt/engine/state rw - ext4 /dev/vdh rw
      32 22 254:8 / /lib/a\\040b rw - ext4 /dev/vdi rw
      """;

  private static HostMounts mounts() {
    return new HostMounts(MountTable.parse(TABLE), List.of(Path.of("/opt/engine/state/kapsel")));
  }

  private static ContainerSpec spec(String... volumes) {
    return new ContainerSpecBuilder(new RootSource.Host())
        .command(List.of("true"))
        .mounts(
            List.of(volumes).stream()
                .map(text -> MountRequest.parseVolume(text, Path.of("/")))
                .toList())
        .build();
  }

  @Test
  void programsAreSeenAndWhatIsPrivateIsNot() {
    assertThat(mounts().all())
        .extracting(MountRequest::target)
        .containsExactlyInAnyOrder("/usr", "/opt/tools", "/lib/a b");
  }

  @Test
  void theyCannotBeWritten() {
    assertThat(mounts().all())
        .allMatch(mount -> mount instanceof MountRequest.Bind bind && bind.readOnly());
  }

  @Test
  void whatTheCallerPutsThereIsSeenInstead() {
    ContainerSpec spec = mounts().addTo(spec("/srv:/usr", "/srv:/usr/share"));

    assertThat(spec.mounts())
        .extracting(MountRequest::target)
        .containsExactlyInAnyOrder("/opt/tools", "/lib/a b", "/usr", "/usr/share");
  }

  @Test
  void aHostWithoutThemChangesNothing() {
    ContainerSpec spec = spec();

    assertThat(new HostMounts(new MountTable(List.of()), List.of()).addTo(spec)).isSameAs(spec);
  }
}
