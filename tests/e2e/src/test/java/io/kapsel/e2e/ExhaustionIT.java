package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A container takes as much as it can of one thing, and neither the engine nor its neighbours go
 * without (rows X4, X5, X7, X8, X10, X11, X12; the others are in {@link ResourcesIT}, {@link
 * StormsIT} and {@link FullDiskIT}).
 */
class ExhaustionIT extends EndToEnd {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final long MEBIBYTE = 1 << 20;
  private static final long MONITOR = 4 * MEBIBYTE;

  private static void start(String name, List<String> flags, String... command) {
    List<String> words = new ArrayList<>(List.of("run", "-d", "--name", name));
    words.addAll(flags);
    words.add(TestRoot.reference());
    words.addAll(List.of(command));
    kapsel(words.toArray(String[]::new)).ok();
  }

  private static void start(String name, String script) {
    start(name, List.of(), "/bin/sh", "-c", script);
  }

  private static String inside(String name, String script) {
    return kapsel("exec", name, "/bin/sh", "-c", script).out().strip();
  }

  private static long pid(String name) {
    return Long.parseLong(kapsel("inspect", "-f", "{{.State.Pid}}", name).ok().line());
  }

  /** The most that a process has had in memory at a time. */
  private static long peak(long process) {
    String status = HostFiles.read("/proc/" + process + "/status");
    return 1024 * Long.parseLong(status.replaceAll("(?s).*VmHWM:\\s*(\\d+).*", "$1"));
  }

  /** Runs a line of a shell with a command of the client as its arguments. */
  private static Result shell(String line, String... arguments) {
    List<String> words = new ArrayList<>(List.of("sh", "-c", line, "sh"));
    words.add(Product.DIST.resolve("bin/kapsel").toString());
    words.addAll(List.of(arguments));
    return product.environment(new Command(words)).run();
  }

  /** How much a command prints, as wc(1) counts it. */
  private static long size(String how, String... arguments) {
    return Long.parseLong(shell("\"$@\" | wc " + how, arguments).ok().line());
  }

  private static void othersGoOn() {
    assertThat(run("/bin/echo", "others").line()).isEqualTo("others");
    kapsel("ps").ok();
  }

  @Test
  void aHugeTreeKillsNobody() {
    kapsel("version").ok();
    long engine = product.engine();
    start("huge", "probe burn depth 2000 && probe burn names 50000; exec sleep 1000");
    Await.until(
        LONG,
        () -> kapsel("logs", "huge").out(),
        () -> kapsel("logs", "huge").out().contains("named"));

    assertThat(size("-l", "diff", "huge")).isGreaterThan(50_000);
    Result refused = shell("\"$@\" >/dev/null", "cp", "huge:/srv", "-");
    assertThat(refused.exitCode()).isNotZero();
    assertThat(refused.err()).startsWith("kapsel: cannot copy").contains("lies too deep");
    kapsel("ps", "-s").ok();
    kapsel("rm", "-f", "huge").ok();
    assertThat(product.isEngine(engine)).isTrue();
  }

  @Test
  void descriptorsEndInsideAlone() {
    start("many", List.of("--ulimit", "nofile=64:64"), "/bin/sleep", "1000");
    String opened = kapsel("exec", "many", "/bin/probe", "burn", "files", "1000").out();

    assertThat(opened).isEqualTo("61 EMFILE\n");
    assertThat(inside("many", "echo still")).isEqualTo("still");
  }

  /** One line without an end, then bytes that are no text; nobody reads. */
  @ParameterizedTest
  @ValueSource(strings = {"local", "json-file"})
  void aFloodOfOutputTakesNoMemory(String driver) {
    start(
        "flood",
        List.of("--log-driver", driver, "--log-opt", "max-size=2m", "--log-opt", "max-file=2"),
        "/bin/sh",
        "-c",
        "head -c 150000000 /dev/zero | tr '\\0' x; head -c 1000000 /dev/urandom;"
            + " printf '\\n\\377\\376\\n'; exec sleep 1000");
    long monitor = HostFiles.parent(pid("flood"));
    long engine = peak(product.engine());
    Await.until(LONG, () -> "it has printed", () -> size("-l", "logs", "-n", "2", "flood") == 2);

    assertThat(kapsel("logs", "flood").ok().stdout().length).isBetween(500_000, 5 << 20);
    assertThat(peak(monitor)).isLessThan(MONITOR);
    assertThat(peak(product.engine()) - engine).isLessThan(40 * MEBIBYTE);
    String id = kapsel("inspect", "-f", "{{.Id}}", "flood").ok().line();
    String kept =
        "du -cb " + product.state().resolve("containers").resolve(id) + "/*log* | tail -1";
    assertThat(Long.parseLong(Command.of("sh", "-c", kept).run().ok().line().split("\t")[0]))
        .isLessThan(5 * MEBIBYTE);
  }

  @Test
  void whatIsPrintedWithoutEndCanBeReadToAnEnd() {
    start("endless", List.of("--log-opt", "max-size=1m", "--log-opt", "max-file=2"), "/bin/yes");
    Await.until(LONG, () -> "it prints", () -> size("-c", "logs", "endless") > MEBIBYTE);

    assertThat(size("-c", "logs", "endless")).isLessThan(3 * MEBIBYTE);
  }

  /** A terminal whose program never reads; the client is killed in the end. */
  private static final String STUCK =
      """
      import os, pty, sys
      child, _ = pty.fork()
      if child == 0: os.execv(sys.argv[1], sys.argv[1:])
      sys.stdin.read()
      os.kill(child, 9)
      """;

  @Test
  void aTerminalThatNobodyReadsHoldsOnlyItsWriter() throws Exception {
    String flood = "i=0; while :; do i=$((i+1)); echo line $i; echo $i >/at; done";
    List<String> words = new ArrayList<>(List.of("python3", "-c", STUCK));
    words.add(Product.DIST.resolve("bin/kapsel").toString());
    words.addAll(
        List.of("run", "-it", "--name", "pty", TestRoot.reference(), "/bin/sh", "-c", flood));
    Process stuck = product.environment(new Command(words)).start();
    try {
      Await.until(LONG, () -> "it runs", () -> kapsel("exec", "pty", "/bin/true").exitCode() == 0);
      Await.until(
          LONG,
          () -> "it stands still",
          () -> {
            String at = inside("pty", "cat /at; sleep 1");
            return !at.isEmpty() && at.equals(inside("pty", "cat /at"));
          });
      String at = inside("pty", "cat /at");
      assertThat(peak(HostFiles.parent(pid("pty")))).isLessThan(MONITOR);
      othersGoOn();
      stuck.getOutputStream().close();
      assertThat(stuck.waitFor(60, TimeUnit.SECONDS)).isTrue();
      Await.until(LONG, () -> "it goes on", () -> !inside("pty", "cat /at").equals(at));
      kapsel("stop", "-t", "0", "pty").ok();
    } finally {
      stuck.destroyForcibly();
    }
  }

  @Test
  void nobodyGetsMoreThanHisShareOfProcessorsAndMemory() {
    String refused =
        """
        fifo EPERM
        round-robin EPERM
        deadline EPERM
        nice EACCES
        realtime-io EPERM
        mlock ENOMEM
        mlockall ENOMEM
        """;
    assertThat(run("/bin/probe", "greedy").out()).isEqualTo(refused);
    assertThat(run(List.of("--userns", "host"), "/bin/probe", "greedy").out()).isEqualTo(refused);
    start("spin", "for i in 1 2 3 4 5 6 7 8; do while :; do :; done & done; wait");
    othersGoOn();
  }

  @Test
  void whoFlushesTheDiskAllTheTimeStopsNobody() {
    start(
        "flush",
        "while :; do sync; dd if=/dev/zero of=/f bs=4k count=64 conv=fsync 2>/dev/null; done");
    start(
        "direct", "while :; do dd if=/dev/zero of=/f bs=4k count=256 oflag=sync 2>/dev/null; done");
    othersGoOn();
    kapsel("create", "--name", "one", TestRoot.reference(), "/bin/echo", "fine").ok();

    assertThat(kapsel("start", "-a", "one").ok().line()).isEqualTo("fine");
    kapsel("stop", "-t", "0", "flush", "direct").ok();
  }

  /** Seconds since the machine's start, one for each line. */
  private static List<Double> times(String text) {
    return text.lines().map(line -> Double.valueOf(line.split(" ")[0])).toList();
  }

  @Test
  void looksAtHealthHaveAPauseAndLeaveNothing() {
    start(
        "often",
        List.of("--health-cmd", "cat /proc/uptime >>/looks", "--health-interval", "1ms"),
        "/bin/sleep",
        "1000");
    start(
        "slow",
        List.of(
            "--health-cmd", "sleep 4321; true",
            "--health-interval", "1ms",
            "--health-timeout", "100ms",
            "--health-retries", "8"),
        "/bin/sleep",
        "1000");
    Await.until(
        LONG,
        () -> kapsel("ps").out(),
        () ->
            kapsel("ps").out().contains("(unhealthy)")
                && times(inside("often", "cat /looks")).size() > 10);

    List<Double> looks = times(inside("often", "cat /looks"));
    for (int i = 1; i < looks.size(); i++) {
      assertThat(looks.get(i) - looks.get(i - 1)).as("pause after look " + i).isGreaterThan(0.08);
    }
    String left = inside("slow", "ps | grep '[s]leep 4321'");
    assertThat(left.lines()).as(left).hasSizeLessThanOrEqualTo(2); // a shell and its child
  }

  @Test
  void restartsComeLaterAndLaterAndLeaveNothing() {
    kapsel("version").ok();
    int before = HostFiles.descendants(product.engine()).size();
    start(
        "loop",
        List.of("--restart", "always"),
        "/bin/sh",
        "-c",
        "cat /proc/uptime >>/starts; exit 1");
    Await.until(
        LONG,
        () -> "it was started again",
        () ->
            Integer.parseInt(kapsel("inspect", "-f", "{{.RestartCount}}", "loop").ok().line())
                >= 4);

    List<Double> starts =
        times(
            Command.of("sh", "-c", "cat " + product.state() + "/containers/*/upper/starts")
                .run()
                .ok()
                .out());
    assertThat(starts).hasSizeGreaterThan(2);
    for (int i = 1; i < Math.min(5, starts.size()); i++) {
      assertThat(starts.get(i) - starts.get(i - 1))
          .as("before start " + (i + 1))
          .isGreaterThan(0.09 * (1 << (i - 1)));
    }
    kapsel("rm", "-f", "loop").ok();
    Await.until(
        LONG,
        () -> "no monitor stays",
        () -> HostFiles.descendants(product.engine()).size() <= before + 2);
  }
}
