package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Why a container ended, could not be started, or is not well. */
class WhyIT extends EndToEnd {
  private static void start(String name, List<String> flags, String... command) {
    List<String> words = new ArrayList<>(List.of("run", "-d", "--name", name));
    words.addAll(flags);
    words.add(TestRoot.reference());
    words.addAll(List.of(command));
    Result _ = kapsel(words.toArray(String[]::new));
  }

  private static String why(String name) {
    return kapsel("why", name).ok().out();
  }

  private static String awaitEnd(String name) {
    kapsel("wait", name).ok();
    return why(name);
  }

  @Test
  void anExitCodeComesWithTheLastWords() {
    start("fails", List.of(), "/bin/sh", "-c", "seq 1 20; echo no database >&2; exit 3");

    assertThat(awaitEnd("fails"))
        .contains("fails\n  it ended ", "exit code 3", "    | 20\n    | no database\n")
        .doesNotContain("| 10\n");
    assertThat(kapsel("why", "-n", "1", "fails").ok().out()).doesNotContain("| 20\n");
    product.killEngine();
    assertThat(why("fails")).contains("exit code 3");
  }

  @Test
  void wantOfMemoryIsToldWithItsFigures() {
    start(
        "greedy",
        List.of("-m", "16m", "--memory-swap", "16m"),
        "/bin/sh",
        "-c",
        "exec tail /dev/zero");

    assertThat(awaitEnd("greedy"))
        .contains("killed by SIGKILL (9)", "for want of memory; it used 1", "allowed 16MiB")
        .contains("kapsel update --memory");
  }

  @Test
  void whatAUserStoppedIsNotBlamedOnTheHost() {
    start("stopped", List.of(), "/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done");
    kapsel("stop", "-t", "0", "stopped").ok();

    assertThat(why("stopped")).contains("killed by SIGKILL (9)", "a user stopped or killed it");
  }

  @Test
  void aStartThatFailedIsRemembered() {
    start("nope", List.of(), "/bin/absent");
    assertThat(why("nope")).contains("its last start failed: ", "/bin/absent", "no such program");
    product.killEngine();

    assertThat(why("nope")).contains("its last start failed: ");
    Result again = kapsel("start", "nope");
    assertThat(again.err()).contains("exec '/bin/absent': no such file or directory (ENOENT)");
  }

  @Test
  void anUnhealthyOneShowsWhatTheLooksSaid() {
    start(
        "ill",
        List.of("--health-cmd", "echo no answer; exit 1", "--health-interval", "100ms"),
        "/bin/sleep",
        "4343");
    Await.until(
        java.time.Duration.ofSeconds(30), () -> why("ill"), () -> why("ill").contains("unhealthy"));

    assertThat(why("ill")).contains("it runs, since ", "looks failed", ": no answer");
    assertThat(kapsel("why", "--format", "{{(index .Findings 0).What}}", "ill").ok().out())
        .startsWith("it runs");
  }
}
