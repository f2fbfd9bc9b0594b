package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The machine goes down while containers run (row F10). */
class RebootIT extends EndToEnd {
  private static final Duration LONG = Duration.ofSeconds(60);

  /** Being cut off is a failure, too. */
  private static final List<String> AGAIN = List.of("always", "unless", "failing");

  private static String begin(String name, String... flags) {
    List<String> words = new java.util.ArrayList<>(List.of("run", "-d", "--name", name));
    words.addAll(List.of(flags));
    words.addAll(
        List.of(TestRoot.reference(), "/bin/sh", "-c", "echo up >>/starts; exec sleep 1000"));
    String id = kapsel(words.toArray(String[]::new)).ok().line();
    Await.until(LONG, () -> name + " runs", () -> starts(name).equals("up\n"));
    return id;
  }

  private static String starts(String name) {
    return kapsel("exec", name, "/bin/cat", "/starts").out();
  }

  private static String state(String name) {
    return kapsel("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name).line();
  }

  /** As it is after a boot: no process, nothing in the run directory, another boot. */
  private static void reboot() throws IOException {
    List<Long> pids =
        kapsel("ps", "-q").ok().lines().stream()
            .map(id -> Long.parseLong(kapsel("inspect", "-f", "{{.State.Pid}}", id).ok().line()))
            .toList();
    product.killEngine();
    for (long pid : pids) {
      long monitor = HostFiles.parent(pid);
      Command.of("kill", "-KILL", "" + monitor, "" + pid).run();
      Await.until(LONG, () -> "it ends", () -> !HostFiles.alive(pid) && !HostFiles.alive(monitor));
    }
    HostFiles.delete(product.run());
    Files.createDirectory(product.run());
    try (Stream<Path> all = Files.list(product.state().resolve("containers"))) {
      for (Path each : all.toList()) {
        Path record = each.resolve("container.json");
        if (Files.exists(record)) {
          Files.writeString(
              record,
              Files.readString(record)
                  .replaceFirst("(\"bootId\"\\s*:\\s*\")[^\"]*", "$1another boot"));
        }
      }
    }
  }

  @Test
  void whatRanHasEndedAndItsPolicyIsAppliedOnce() throws IOException {
    begin("no");
    begin("failing", "--restart", "on-failure");
    begin("always", "--restart", "always");
    begin("unless", "--restart", "unless-stopped");
    begin("stopped", "--restart", "unless-stopped");
    kapsel("stop", "-t", "0", "stopped").ok();
    String gone = begin("gone", "--rm");
    reboot();

    Await.until(
        LONG,
        () -> kapsel("ps", "-a").out(),
        () -> AGAIN.stream().allMatch(name -> state(name).startsWith("running")));
    assertThat(state("no")).isEqualTo("exited 137");
    assertThat(state("stopped")).isEqualTo("exited 137");
    assertThat(kapsel("why", "no").ok().out()).contains("machine");
    assertThat(kapsel("inspect", gone).exitCode()).isEqualTo(1);
    assertThat(product.state().resolve("containers").resolve(gone)).doesNotExist();
    for (String name : AGAIN) {
      Await.until(LONG, () -> starts(name), () -> starts(name).equals("up\nup\n"));
    }
    product.killEngine(); // the next one finds them running

    assertThat(starts("always")).isEqualTo("up\nup\n");
    assertThat(starts("unless")).isEqualTo("up\nup\n");
    assertThat(HostFiles.names(product.run().resolve("containers"))).hasSizeLessThanOrEqualTo(4);
  }

  private static Instant startOf(String name) {
    return Instant.parse(kapsel("inspect", "-f", "{{.State.StartedAt}}", name).ok().line());
  }

  @Test
  void whatWasCutOffStartsInItsOrder() throws IOException {
    begin("last", "--restart", "always");
    begin("second", "--restart", "on-failure", "--start-order", "20");
    begin("first", "--restart", "always", "--start-order", "10", "--start-delay", "2");
    reboot();

    Await.until(
        LONG,
        () -> kapsel("ps", "-a").out(),
        () -> Stream.of("first", "second", "last").allMatch(it -> state(it).startsWith("running")));
    assertThat(startOf("second")).isAfterOrEqualTo(startOf("first").plusSeconds(2));
    assertThat(startOf("last")).isAfterOrEqualTo(startOf("second"));
  }
}
