package io.kapsel.linux.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MountTableTest {
  private static final String TEXT =
      """
      36 35 98:0 / / rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue
      40 36 0:20 /sub\\040dir /mnt/a\\134b\\011c ro - tmpfs none rw
      41 36 0:21 / /mnt rw - tmpfs none rw
      42 36 0:22 / /mnt rw - proc proc rw
      """;

  @Test
  void readsEveryField() {
    MountTable.Entry root = MountTable.parse(TEXT).entries().getFirst();
    assertThat(root.id()).isEqualTo(36);
    assertThat(root.parent()).isEqualTo(35);
    assertThat(root.options()).containsExactly("rw", "noatime");
    assertThat(root.propagation()).containsExactly("master:1", "shared:7");
    assertThat(root.shared()).isTrue();
    assertThat(root.type()).isEqualTo("ext3");
    assertThat(root.source()).isEqualTo("/dev/root");
    assertThat(root.superOptions()).containsExactly("rw", "errors=continue");
  }

  @Test
  void undoesTheEscapes() {
    MountTable.Entry entry = MountTable.parse(TEXT).entries().get(1);
    assertThat(entry.root()).isEqualTo("/sub dir");
    assertThat(entry.point()).isEqualTo("/mnt/a\\b\tc");
    assertThat(entry.shared()).isFalse();
  }

  @Test
  void theTopmostMountCounts() {
    MountTable table = MountTable.parse(TEXT);
    assertThat(table.at("/mnt").orElseThrow().type()).isEqualTo("proc");
    assertThat(table.of("/mnt/x").orElseThrow().id()).isEqualTo(42);
    assertThat(table.of("/mntx").orElseThrow().id()).isEqualTo(36);
    assertThat(table.at("/no")).isEmpty();
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> MountTable.parse("1 2 3\n"))
        .hasMessage("cannot read mountinfo: '1 2 3'");
  }

  @Test
  void thisMachineHasARoot() {
    assertThat(MountTable.read().at("/")).isPresent();
    assertThat(MountTable.read().at("/proc").orElseThrow().type()).isEqualTo("proc");
  }
}
