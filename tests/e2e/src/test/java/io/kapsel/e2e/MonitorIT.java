package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Monitors are killed, with and without an engine, and what they watched goes on (row F2). */
class MonitorIT {
  private static final Duration LONG = Duration.ofSeconds(40);
  private static final int LINES = 150;
  private static final String COUNTER =
      "i=0; while [ $i -lt %d ]; do i=$((i+1)); echo $i; sleep 0.02; done; exit 6".formatted(LINES);

  private Product product;

  @BeforeEach
  void fresh() {
    product = Product.fresh();
  }

  @AfterEach
  void leavesNothing() {
    product.close();
  }

  private Result kapsel(String... arguments) {
    return product.kapsel(arguments);
  }

  private void start(String name, String script, String... flags) {
    List<String> words = new ArrayList<>(List.of("run", "-d", "--name", name));
    words.addAll(List.of(flags));
    words.addAll(List.of(TestRoot.reference(), "/bin/sh", "-c", script));
    kapsel(words.toArray(String[]::new)).ok();
  }

  private long number(String name, String field) {
    String json = kapsel("inspect", name).ok().out();
    return Long.parseLong(json.replaceAll("(?s).*?\"" + field + "\" ?: ?(\\d+).*", "$1"));
  }

  private long monitor(String name) {
    return number(name, "MonitorPid");
  }

  private static void kill(long pid) {
    Command.of("kill", "-KILL", Long.toString(pid)).run().ok();
  }

  private void killMonitor(String name) {
    long before = monitor(name);
    kill(before);
    Await.until(LONG, () -> name + " has another monitor", () -> monitor(name) != before);
  }

  private void awaitLine(String name, String line) {
    Await.until(
        LONG, () -> kapsel("logs", name).out(), () -> kapsel("logs", name).out().contains(line));
  }

  /**
   * Everything in its order; a killed monitor may take with it what it has read and not written.
   */
  private void countsTo(String name, int kills) {
    List<Integer> got = kapsel("logs", name).ok().lines().stream().map(Integer::parseInt).toList();

    assertThat(got).isSorted().doesNotHaveDuplicates().endsWith(LINES);
    assertThat(IntStream.rangeClosed(1, LINES).filter(each -> !got.contains(each)).count())
        .as("lines that were lost")
        .isLessThanOrEqualTo(kills);
  }

  @Test
  void aContainerOutlivesItsMonitors() {
    start("count", COUNTER);
    long pid = number("count", "Pid");
    for (int i = 0; i < 3; i++) {
      killMonitor("count");
    }

    assertThat(number("count", "Pid")).isEqualTo(pid);
    assertThat(kapsel("exec", "count", "/bin/echo", "in").ok().line()).isEqualTo("in");
    assertThat(kapsel("wait", "count").ok().line()).isEqualTo("6");
    countsTo("count", 3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"engine monitor", "monitor engine", "engine monitor monitor"})
  void withoutAnEngineItIsReplacedToo(String killed) {
    start("count", COUNTER);
    awaitLine("count", "3\n");
    long keeper = HostFiles.parent(monitor("count"));
    long pid = number("count", "Pid");
    long monitor = monitor("count");
    for (String each : killed.split(" ")) {
      if (each.equals("engine")) {
        product.killEngine();
        continue;
      }
      long next = monitor;
      kill(next);
      Await.until(LONG, () -> "another monitor", () -> heir(keeper, pid, next) != 0);
      monitor = heir(keeper, pid, next);
    }

    assertThat(kapsel("wait", "count").ok().line()).isEqualTo("6");
    countsTo("count", 2);
  }

  /** The monitor by which the keeper has replaced one; 0: it has not yet. */
  private static long heir(long keeper, long pid, long killed) {
    return HostFiles.descendants(keeper).stream()
        .filter(each -> HostFiles.parent(each) == keeper && each != pid && each != killed)
        .filter(each -> HostFiles.read("/proc/" + each + "/comm").startsWith("kapsel-launcher"))
        .mapToLong(Long::longValue)
        .max()
        .orElse(0);
  }

  @Test
  void whoIsAttachedGoesOnAndItsInputEnds() throws Exception {
    Process client =
        product
            .command(
                "run",
                "-i",
                "--rm",
                "--name",
                "att",
                TestRoot.reference(),
                "/bin/sh",
                "-c",
                "echo ready; while read x; do echo got $x; done; exit 4")
            .start();
    assertThat(client.inputReader().readLine()).isEqualTo("ready");
    for (String word : List.of("one", "two")) {
      killMonitor("att");
      client.getOutputStream().write((word + "\n").getBytes(StandardCharsets.UTF_8));
      client.getOutputStream().flush();
      assertThat(client.inputReader().readLine()).isEqualTo("got " + word);
    }
    client.getOutputStream().close();

    assertThat(client.waitFor()).isEqualTo(4);
  }

  @Test
  void itsPolicyStartsItAgain() {
    start(
        "again",
        "echo up; trap 'exit 3' TERM; while :; do sleep 0.05; done",
        "--restart",
        "on-failure");
    killMonitor("again");
    long pid = number("again", "Pid");
    kapsel("exec", "again", "/bin/kill", "-TERM", "1").ok();

    Await.until(
        LONG, () -> "it is started again", () -> kapsel("logs", "again").lines().size() == 2);
    Await.until(LONG, () -> "it runs", () -> number("again", "Pid") != pid);
    kapsel("rm", "-f", "again").ok();
  }

  @Test
  void allOfManyAreReplacedAtOnce() throws Exception {
    List<String> names = IntStream.range(0, 12).mapToObj(i -> "m" + i).toList();
    AtOnce.run(names, name -> start(name, "trap 'exit 7' TERM; while :; do sleep 0.05; done"));
    for (int round = 0; round < 2; round++) {
      AtOnce.run(names, this::killMonitor);
    }
    AtOnce.run(names, name -> kapsel("kill", "-s", "TERM", name).ok());

    for (String name : names) {
      assertThat(kapsel("wait", name).ok().line()).isEqualTo("7");
    }
  }

  @Test
  void oneThatIsKilledWithItsMonitorHasEnded() {
    start("both", "exec sleep 100");
    Command.of("kill", "-KILL", "" + number("both", "Pid"), "" + monitor("both")).run().ok();

    assertThat(kapsel("wait", "both").ok().line()).isEqualTo("137");
  }

  @Test
  void withoutAKeeperItEndsWithItsMonitor() {
    start("mon", "sleep 100");
    long monitor = monitor("mon");
    long keeper = HostFiles.parent(monitor);
    kill(keeper);
    Await.until(LONG, () -> "the keeper is gone", () -> !HostFiles.alive(keeper));
    kill(monitor);

    assertThat(kapsel("wait", "mon").ok().line()).isEqualTo("137");
    assertThat(kapsel("run", "--rm", TestRoot.reference(), "/bin/echo", "next").ok().line())
        .isEqualTo("next");
  }
}
