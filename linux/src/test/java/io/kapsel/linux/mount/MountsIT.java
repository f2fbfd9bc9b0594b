package io.kapsel.linux.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.FilesystemStatus;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.Trees;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountsIT {
  @TempDir Path path;

  private static Fd tmpfs() {
    try (FilesystemContext context = FilesystemContext.open("tmpfs")) {
      return context.option("mode", "0700").mount(MountAttributes.NO_SUID);
    }
  }

  @Test
  void aDetachedFileSystemIsUsedByItsDescriptor() {
    int mounts = MountTable.read().entries().size();
    try (Fd mount = tmpfs()) {
      assertThat(Attributes.filesystem(mount).type()).isEqualTo(FilesystemStatus.TMPFS);
      Entries.makeNode(mount, "file", FileType.REGULAR, 0600, new DeviceNumber(0, 0));
      assertThat(Entries.list(mount)).hasSize(1);
      assertThat(MountTable.read().entries()).hasSize(mounts);
    }
  }

  @Test
  void attributesHoldBeforeAnybodySeesTheMount() {
    try (Fd mount = tmpfs();
        Fd copy = Mounts.openTree(mount, "", Mounts.CLONE | Mounts.EMPTY_PATH)) {
      Mounts.setAttributes(copy, 0, MountAttributes.setting(MountAttributes.READ_ONLY));
      assertThatThrownBy(() -> Entries.makeDirectory(copy, "d", 0700))
          .hasMessage("mkdirat 'd': read-only file system (EROFS)");
      Entries.makeDirectory(mount, "d", 0700);
    }
  }

  @Test
  void aRefusedOptionIsExplained() {
    try (FilesystemContext context = FilesystemContext.open("tmpfs")) {
      assertThatThrownBy(() -> context.option("nonsense", "1"))
          .hasMessage("fsconfig 'nonsense=1': invalid argument (EINVAL)");
      assertThat(context.messages()).anyMatch(line -> line.contains("nonsense"));
    }
    assertThatThrownBy(() -> FilesystemContext.open("nonsense"))
        .hasMessage("fsopen 'nonsense': no such device (ENODEV)");
  }

  @Test
  void anAttachedMountIsNotDeletedWithTheTreeAroundIt() {
    try (Fd dir = Open.path(path.toString(), OpenFlags.PATH);
        Fd mount = tmpfs()) {
      Entries.makeDirectory(dir, "top", 0755);
      try (Fd top = Open.directory(dir, "top")) {
        Entries.makeDirectory(top, "point", 0755);
        try (Fd point = Open.directory(top, "point")) {
          Mounts.move(mount, point);
        }
      }
      String point = path.resolve("top/point").toString();
      try {
        Entries.makeDirectory(mount, "kept", 0700);
        assertThat(MountTable.read().at(point).orElseThrow().type()).isEqualTo("tmpfs");
        assertThatThrownBy(() -> Trees.delete(dir, "top"))
            .hasMessage("openat2 'point': invalid cross-device link (EXDEV)");
        assertThat(Entries.list(mount)).hasSize(1);
      } finally {
        Mounts.detach(point);
      }
      Trees.delete(dir, "top");
      assertThat(Attributes.find(dir, "top")).isEmpty();
    }
  }
}
