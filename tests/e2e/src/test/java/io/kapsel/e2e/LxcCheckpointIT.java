package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code lxc-checkpoint} where CRIU fails or is not asked. That containers come back is tried in
 * the virtual machine, whose kernel CRIU knows.
 */
class LxcCheckpointIT extends LxcEndToEnd {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "lxc-checkpoint",
        "lxc-checkpoint -n one",
        "lxc-checkpoint -n one -r",
        "lxc-checkpoint -n one -D /tmp/none",
        "lxc-checkpoint -n one -p -D /tmp/none",
        "lxc-checkpoint -n one -s -v -D /tmp/none",
        "lxc-checkpoint -n nobody -D /tmp/none",
        "lxc-checkpoint -n nobody -r -D /tmp/none",
        "lxc-checkpoint -n one -r -D /tmp/none",
        "lxc-checkpoint -n one -r -s -D /tmp/none",
        "lxc-checkpoint -n one -r -p -D /tmp/none",
        "lxc-checkpoint -n one -F -D /tmp/none",
        "lxc-checkpoint -n one -p -s -D /tmp/none",
      })
  void refusesWhatDebiansRefuses(String line) throws IOException {
    define("one");

    Compared said = asDebians(line);

    assertThat(said.found().err()).as(said.toString()).startsWith("lxc-checkpoint: ");
    assertThat(Path.of("/tmp/none")).doesNotExist();
  }

  @Test
  void saysWhatIsWrongAndTheContainerGoesOn() throws IOException {
    define("web");
    lxc("lxc-start", "-n", "web").ok();
    String before = lxc("lxc-info", "-n", "web", "-pH").line();
    String used = place.resolve("used").toString();
    Files.createDirectories(place.resolve("used/checkpoint"));
    String fresh = place.resolve("fresh").toString();
    String script = Files.writeString(place.resolve("script"), "#!/bin/sh\nexit 7\n").toString();
    Command.of("chmod", "755", script).run().ok();

    refused("web failed: '" + used + "' has a checkpoint already; use a fresh", "-D", used);
    refused("has no memory of --pre-dump", "-D", fresh, "--predump-dir", "../used");
    refused("web is running, not restoring", "-r", "-D", fresh);
    refused("--stop is for checkpoints", "-r", "-s", "-D", fresh);
    refused("--foreground is for --restore", "-F", "-D", fresh);
    refused("no --stop", "-p", "-s", "-D", fresh);
    refused("no --rcfile", "--rcfile", "/dev/null", "-D", fresh);
    refused("Checkpointing web failed: ", "-s", "-D", fresh, "-A", script);
    assertThat(lxc("lxc-info", "-n", "web", "-pH").line()).isEqualTo(before);
    assertThat(place.resolve("fresh/checkpoint")).doesNotExist();

    lxc("lxc-stop", "-k", "-n", "web").ok();
    refused("web not running, not checkpointing", "-D", fresh);
    refused("Restoring web failed: ", "-r", "-D", fresh);
    refused("no such checkpoint", "-r", "-F", "-D", fresh);
    assertThat(lxc("lxc-info", "-n", "web", "-sH").line()).isEqualTo("STOPPED");
    lxc("lxc-start", "-n", "web").ok();
    lxc("lxc-stop", "-k", "-n", "web").ok();
  }

  private void refused(String told, String... words) {
    List<String> all = new java.util.ArrayList<>(List.of("lxc-checkpoint", "-n", "web"));
    all.addAll(List.of(words));
    Result result = lxc(all.toArray(String[]::new));
    assertThat(result.exitCode()).as(result.toString()).isOne();
    assertThat(result.err()).contains(told);
    assertThat(result.out()).isEmpty();
  }
}
