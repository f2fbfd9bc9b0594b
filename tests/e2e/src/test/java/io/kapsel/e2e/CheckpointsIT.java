package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Checkpoints where CRIU fails or there is nothing to freeze: whatever is told, the container goes
 * on. That CRIU brings containers back is tried in the virtual machine, whose kernel it knows.
 */
class CheckpointsIT extends EndToEnd {
  private static void begin(String... flags) {
    List<String> words = new java.util.ArrayList<>(List.of("run", "-d", "--name", "web"));
    words.addAll(List.of(flags));
    words.addAll(List.of(TestRoot.reference(), "/bin/sleep", "1000"));
    kapsel(words.toArray(String[]::new)).ok();
  }

  private static String status() {
    return kapsel("inspect", "-f", "{{.State.Status}} {{.State.Pid}}", "web").ok().line();
  }

  private static Path own() throws IOException {
    String id = kapsel("inspect", "-f", "{{.Id}}", "web").ok().line();
    return product.state().resolve("containers").resolve(id).resolve("checkpoints");
  }

  private static void refused(String told, String... words) {
    Result result = kapsel(words);
    assertThat(result.exitCode()).isNotZero();
    assertThat(result.err()).contains(told);
  }

  /** It has a connection, which CRIU refuses unless it is asked for. */
  @Test
  void aContainerGoesOnWhenItCannotBeFrozen() throws IOException {
    String script =
        "nc -l -p 7777 -e sleep 1000 & until nc 127.0.0.1 7777 </dev/zero; do sleep 0.1; done";
    kapsel("run", "-d", "--name", "web", TestRoot.reference(), "/bin/sh", "-c", script).ok();
    Await.until(
        "it is connected",
        () -> kapsel("exec", "web", "/bin/grep", "-q", " 01 ", "/proc/net/tcp").exitCode() == 0);
    String before = status();

    refused("cannot checkpoint 'web': ", "checkpoint", "create", "web", "one");

    assertThat(status()).isEqualTo(before);
    assertThat(kapsel("exec", "web", "/bin/echo", "on").ok().line()).isEqualTo("on");
    assertThat(kapsel("checkpoint", "ls", "-q", "web").ok().lines()).isEmpty();
    if (Files.exists(own())) {
      assertThat(HostFiles.names(own())).isEmpty();
    }
  }

  @Test
  void whatCannotBeIsRefusedBeforeCriuIsAsked() {
    begin("--rm");
    String before = status();

    refused("it removes itself when it stops", "checkpoint", "create", "web", "one");
    refused("are allowed", "checkpoint", "create", "--leave-running", "web", "../one");
    refused("no such checkpoint", "checkpoint", "rm", "web", "one");
    refused("it is running", "start", "--checkpoint", "one", "web");
    kapsel("pause", "web").ok();
    refused("unpause it first", "checkpoint", "create", "--leave-running", "web", "one");
    kapsel("unpause", "web").ok();
    assertThat(status()).isEqualTo(before);
  }

  @Test
  void oneThatDoesNotRunCannotBeFrozenNorComeBackFromNowhere(
      @org.junit.jupiter.api.io.TempDir Path elsewhere) throws IOException {
    begin();
    kapsel("stop", "-t", "0", "web").ok();

    refused("is not running", "checkpoint", "create", "web", "one");
    refused("no such checkpoint", "start", "--checkpoint", "one", "web");
    refused("--checkpoint-dir needs --checkpoint", "start", "--checkpoint-dir", "/tmp", "web");
    Files.createDirectories(elsewhere.resolve("one/images"));
    Files.writeString(
        elsewhere.resolve("one/checkpoint.json"),
        """
        {"schema":1,"name":"one","createdAt":"2026-01-01T00:00:00Z","container":"","connections":false,
        "mounts":{},"streams":[],"endpoints":[]}
        """);
    String directory = elsewhere.toString();
    refused(
        "cannot start 'web': ",
        "start",
        "--checkpoint",
        "one",
        "--checkpoint-dir",
        directory,
        "web");
    assertThat(status()).startsWith("exited");
    kapsel("start", "web").ok();
    assertThat(kapsel("exec", "web", "/bin/echo", "on").ok().line()).isEqualTo("on");
  }
}
