package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Directories that outlive containers. */
class VolumesIT extends EndToEnd {
  @AfterEach
  void removeVolumes() {
    product.removeAll();
    kapsel("volume", "prune", "-a", "-f").ok();
    assertThat(kapsel("volume", "ls", "-q").ok().out()).isEmpty();
  }

  @Test
  void whatIsWrittenIsThereForTheNext() {
    sh(List.of("-v", "data:/d"), "echo kept > /d/file");

    assertThat(sh(List.of("-v", "data:/other:ro"), "cat /other/file; touch /other/x 2>&1 || true"))
        .startsWith("kept\n")
        .contains("Read-only file system");
    product.killEngine();
    assertThat(sh(List.of("-v", "data:/d"), "cat /d/file")).isEqualTo("kept");
  }

  @Test
  void anEmptyOneGetsWhatTheRootHasThere() {
    assertThat(sh(List.of("-v", "home:/home"), "stat -c '%u:%g' /home/user"))
        .isEqualTo("1000:1000");
    assertThat(sh(List.of("--mount", "type=volume,src=bare,dst=/home,volume-nocopy"), "ls /home"))
        .isEmpty();
  }

  @Test
  void oneWithoutANameGoesWithItsContainer() {
    sh(List.of("-v", "/scratch"), "echo x > /scratch/x");
    assertThat(kapsel("volume", "ls", "-q").ok().out()).isEmpty();
    kapsel("create", "--name", "holds", "-v", "/scratch", TestRoot.reference(), "/bin/true").ok();
    String name = kapsel("volume", "ls", "-q").ok().line();
    assertThat(name).matches("[0-9a-f]{64}");
    Result refused = kapsel("volume", "rm", name);

    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("volume is in use - [");
    kapsel("rm", "-v", "holds").ok();
    assertThat(kapsel("volume", "ls", "-q").ok().out()).isEmpty();
  }

  @Test
  void anotherContainerSharesThem() {
    kapsel(
            "run",
            "-d",
            "--name",
            "first",
            "-v",
            "data:/d",
            TestRoot.reference(),
            "/bin/sleep",
            "100")
        .ok();
    kapsel("exec", "first", "/bin/sh", "-c", "echo shared > /d/f").ok();

    assertThat(sh(List.of("--volumes-from", "first:ro"), "cat /d/f; touch /d/f 2>&1 || true"))
        .startsWith("shared\n")
        .contains("Read-only");
  }

  @Test
  void optionsAreMountedWhileItIsUsed() {
    kapsel("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=1m", "mem")
        .ok();

    assertThat(
            sh(
                List.of("-v", "mem:/m"),
                "dd if=/dev/zero of=/m/x bs=64k count=64 2>&1 | tail -1; ls -l /m/x"))
        .contains("1048576");
    assertThat(product.mounts()).isEmpty();
    assertThat(sh(List.of("-v", "mem:/m"), "ls /m")).isEmpty();
  }
}
