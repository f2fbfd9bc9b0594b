package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Everything is stopped, before the machine goes down. */
class ShutdownIT extends EndToEnd {
  private static final Duration LONG = Duration.ofSeconds(60);

  /** It ends when it is asked to, and says so. */
  private static final String POLITE = "trap 'exit 3' TERM; echo up; while sleep 0.1; do :; done";

  private static final String DEAF = "trap '' TERM; echo up; while sleep 0.1; do :; done";

  @AfterEach
  void removeAll() {
    product.removeAll();
  }

  private static void begin(String name, String program, String... flags) {
    List<String> words = new ArrayList<>(List.of("run", "-d", "--name", name));
    words.addAll(List.of(flags));
    words.addAll(List.of(TestRoot.reference(), "/bin/sh", "-c", program));
    kapsel(words.toArray(String[]::new)).ok();
    Await.until(LONG, () -> name + " runs", () -> kapsel("logs", name).out().startsWith("up"));
  }

  private static String inspect(String field, String name) {
    return kapsel("inspect", "-f", "{{.State." + field + "}}", name).line();
  }

  private static Instant endOf(String name) {
    return Instant.parse(inspect("FinishedAt", name));
  }

  private static void engineEnds(long engine) {
    Await.until(LONG, () -> "the engine lives", () -> !HostFiles.alive(engine));
  }

  @Test
  void whatItsPolicyWantsComesBackWithTheNextEngine() {
    begin("plain", POLITE);
    begin("always", POLITE, "--restart", "always");
    begin("unless", POLITE, "--restart", "unless-stopped");
    begin("failing", POLITE, "--restart", "on-failure");
    begin("looping", "echo up; sleep 1; exit 1", "--restart", "on-failure");
    begin("stopped", POLITE, "--restart", "unless-stopped");
    begin("gone", POLITE, "--rm");
    kapsel("stop", "stopped").ok();
    long engine = product.engine();

    assertThat(kapsel("system", "shutdown").ok().out()).isEmpty();

    engineEnds(engine);
    for (String name : List.of("always", "unless", "failing", "looping")) {
      Await.until(
          LONG,
          () -> name + " is down: " + kapsel("ps", "-a").out(),
          () -> inspect("Running", name).equals("true"));
    }
    assertThat(product.engine()).isNotEqualTo(engine);
    assertThat(inspect("Status", "plain")).isEqualTo("exited");
    assertThat(inspect("ExitCode", "plain")).isEqualTo("3");
    assertThat(inspect("Status", "stopped")).isEqualTo("exited");
    assertThat(inspect("Status", "gone")).isEmpty();
    assertThat(kapsel("why", "plain").ok().out()).contains("before the machine went down");
    assertThat(kapsel("why", "stopped").ok().out()).contains("a user stopped it");
  }

  @Test
  void theOrderIsTheOppositeOfThatOfStartsAndNothingIsStarted() throws Exception {
    begin("early", POLITE, "--start-order", "1");
    begin("late", DEAF, "--start-order", "2", "--stop-timeout", "4");
    begin("other", POLITE);
    kapsel("create", "--name", "idle", TestRoot.reference(), "/bin/true").ok();
    long engine = product.engine();
    CompletableFuture<Result> shutdown =
        CompletableFuture.supplyAsync(() -> kapsel("system", "shutdown"));
    Await.until(LONG, () -> "other runs", () -> inspect("Status", "other").equals("exited"));

    assertThat(kapsel("start", "idle").err())
        .contains("cannot start 'idle': the engine is shutting down");
    assertThat(inspect("Status", "early")).isEqualTo("running");
    shutdown.get().ok();
    engineEnds(engine);

    assertThat(endOf("other")).isBefore(endOf("late"));
    assertThat(endOf("late")).isBefore(endOf("early"));
    assertThat(inspect("Error", "idle")).isEmpty();
    assertThat(kapsel("ps", "-aq").ok().lines()).hasSize(4);
  }

  @Test
  void noEngineIsNeededForIt() {
    begin("plain", POLITE);
    begin("always", POLITE, "--restart", "always");
    product.killEngine();

    product.shutDown().ok();

    assertThat(product.engine()).isZero();
    assertThat(inspect("ExitCode", "plain")).isEqualTo("3");
    Await.until(LONG, () -> "it is down", () -> inspect("Running", "always").equals("true"));
    product.shutDown().ok(); // with one
    assertThat(inspect("Status", "plain")).isEqualTo("exited");
  }

  @Test
  void aTimeIsForEach() {
    begin("deaf", DEAF);
    Instant begun = Instant.now();

    kapsel("system", "shutdown", "--timeout", "1").ok();

    assertThat(Duration.between(begun, Instant.now())).isLessThan(Duration.ofSeconds(9));
    assertThat(inspect("ExitCode", "deaf")).isEqualTo("137");
  }
}
