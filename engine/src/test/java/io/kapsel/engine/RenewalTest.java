package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of a system is made anew in a copy. */
class RenewalTest {
  @TempDir Path layers;

  private Path layer(String name) throws IOException {
    return Files.createDirectory(layers.resolve(name));
  }

  /** Anything but a plain file hides, as a whiteout does, which only root can make. */
  private static void hide(Path layer, String name) throws IOException {
    Files.createDirectory(layer.resolve(name));
  }

  @Test
  void theKeysThatAreVisibleAreRenewed() throws IOException {
    Path upper = layer("upper");
    Path lower = layer("lower");
    Files.createFile(upper.resolve("ssh_host_rsa_key"));
    hide(lower, "ssh_host_rsa_key");
    hide(upper, "ssh_host_ecdsa_key");
    Files.createFile(lower.resolve("ssh_host_ecdsa_key"));
    Files.createFile(lower.resolve("ssh_config"));

    try (Fd first = Open.path(upper.toString(), OpenFlags.DIRECTORY);
        Fd second = Open.path(lower.toString(), OpenFlags.DIRECTORY)) {
      assertThat(Renewal.keys(List.of(first, second))).containsExactly("ssh_host_rsa_key");
    }
  }
}
