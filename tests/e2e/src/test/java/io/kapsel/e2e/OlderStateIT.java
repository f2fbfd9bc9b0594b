package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What an earlier version has left (row F11): upgrade/state-1.tar.gz is the state directory of one
 * that had no profiles and no moves yet, with an image, a volume, a network, a snapshot and two
 * containers.
 */
class OlderStateIT extends EndToEnd {
  @BeforeAll
  static void unpack() {
    String archive = Path.of("src/test/resources/upgrade/state-1.tar.gz").toAbsolutePath() + "";
    Command.of("tar", "-xzpf", archive, "-C", product.state().toString()).run().ok();
  }

  private static String inspect(String template) {
    return kapsel("inspect", "-f", template, "plain").ok().line();
  }

  @Test
  void everythingIsThereAndWorks() {
    assertThat(kapsel("ps", "-a", "--format", "{{.Names}} {{.State}}").ok().lines())
        .containsExactlyInAnyOrder("plain exited", "netted created");
    assertThat(
            inspect(
                "{{.State.ExitCode}} {{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}}"
                    + " {{.Config.Labels.tier}} {{json .Config.Healthcheck.Test}}"))
        .isEqualTo("3 67108864 on-failure x [\"CMD-SHELL\",\"true\"]");
    assertThat(kapsel("logs", "plain").ok().lines()).containsOnly("fine");
    assertThat(kapsel("network", "inspect", "-f", "{{json .Labels}}", "lan").ok().line())
        .isEqualTo("{\"n\":\"1\"}");
    assertThat(kapsel("port", "netted").ok().out() + kapsel("images", "-q").ok().out())
        .isNotEmpty();

    assertThat(kapsel("start", "-a", "plain").exitCode()).isEqualTo(3);
    assertThat(kapsel("snapshot", "ls", "-q", "plain").ok().line()).isEqualTo("first");
    kapsel("restore", "plain", "first").ok();
    kapsel("update", "--memory", "128m", "plain").ok();
    assertThat(inspect("{{.HostConfig.Memory}}")).isEqualTo("134217728");
    assertThat(kapsel("run", "--rm", "-v", "kept:/v", "old:1").out()).isEqualTo("fine\n");
    assertThat(HostFiles.read(product.state().resolve("volumes/kept/_data/f"))).isEqualTo("data\n");
    nothingIsLeft();
  }

  private static void nothingIsLeft() {
    product.removeAll();
    kapsel("volume", "rm", "kept").ok();
    kapsel("network", "rm", "lan").ok();
    kapsel("rmi", "old:1").ok();
    assertThat(HostFiles.names(product.state().resolve("images/blobs/sha256"))).isEmpty();
    assertThat(HostFiles.names(product.state().resolve("quarantine"))).isEmpty();
  }
}
