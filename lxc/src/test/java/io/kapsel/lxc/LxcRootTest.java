package io.kapsel.lxc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.engine.spec.RootSource;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class LxcRootTest {
  private static RootSource root(String value) {
    return LxcRoot.of(new LxcConfig.Entry("lxc.rootfs.path", value, Path.of("config"), 1));
  }

  @Test
  void aDirectoryIsOneWithAndWithoutItsKind() {
    assertThat(root("/srv/web")).isEqualTo(new RootSource.Directory(Path.of("/srv/web")));
    assertThat(root("dir:/srv/web")).isEqualTo(new RootSource.Directory(Path.of("/srv/web")));
  }

  @Test
  void whatWasChangedLiesAboveTheRest() {
    RootSource layers =
        new RootSource.Layers(List.of(Path.of("/delta"), Path.of("/b"), Path.of("/a")));

    assertThat(root("overlay:/b:/a:/delta")).isEqualTo(layers);
    assertThat(root("overlayfs:/b:/a:/delta")).isEqualTo(layers);
    assertThat(RootSource.parse(layers.toString(), Path.of("/"))).isEqualTo(layers);
  }

  /** LXC mounts these in the container's user namespace, with other attributes than ours. */
  @Test
  void layersOfAnUnprivilegedContainerAreRefused() {
    LxcConfig config =
        new LxcConfig(List.of())
            .with(List.of("lxc.rootfs.path=overlay:/a:/delta", "lxc.idmap=b 0 100000 65536"));

    assertThatThrownBy(() -> LxcPlan.of(config, "web", Path.of("/place")))
        .hasMessageContaining("lxc.rootfs.path: with lxc.idmap, LXC marks");
  }

  @Test
  void itsFilesAreInAllOfThem() {
    assertThat(LxcRoot.directories("overlay:/a:/delta"))
        .containsExactly(Path.of("/a"), Path.of("/delta"));
    assertThat(LxcRoot.directories("dir:/a")).containsExactly(Path.of("/a"));
    assertThat(LxcRoot.directories("image:debian")).isEmpty();
  }
}
