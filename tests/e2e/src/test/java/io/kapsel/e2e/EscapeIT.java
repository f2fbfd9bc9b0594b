package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Attempts to get out, from root inside (rows E2 to E9, E11, E13 to E16, E18 and E19). */
class EscapeIT extends EndToEnd {
  private static final Map<Pattern, Set<String>> EXPECTED = expected();

  private static Map<Pattern, Set<String>> expected() {
    Map<Pattern, Set<String>> table = new LinkedHashMap<>();
    for (String line : Golden.lines("attempts.txt")) {
      if (!line.startsWith("#")) {
        String[] parts = line.split(" ");
        table.put(Pattern.compile(parts[0]), Set.of(parts[1].split("\\|")));
      }
    }
    return table;
  }

  private static void checkAttempts(Result result) {
    List<String> wrong = new ArrayList<>();
    for (String line : result.ok().lines()) {
      String[] parts = line.split(" ");
      if (!allowed(parts[0]).contains(parts[1])) {
        wrong.add(line + ", not " + allowed(parts[0]));
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(result.lines()).hasSizeGreaterThan(80);
  }

  private static Set<String> allowed(String attempt) {
    return EXPECTED.entrySet().stream()
        .filter(entry -> entry.getKey().matcher(attempt).matches())
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(Set.of());
  }

  @Test
  void nothingAnAttackerTriesWorks() {
    checkAttempts(run("/bin/probe", "attempts"));
  }

  @Test
  void norWithoutAUserNamespace() {
    checkAttempts(run(List.of("--userns", "host"), "/bin/probe", "attempts"));
  }

  @Test
  void norInAnExecutedProcess() {
    kapsel("run", "-d", "--name", "xx", TestRoot.reference(), "/bin/sleep", "100").ok();

    checkAttempts(kapsel("exec", "xx", "/bin/probe", "attempts"));
  }

  @Test
  void norInOneThatSharesAnother() {
    kapsel("run", "-d", "--name", "xx", TestRoot.reference(), "/bin/sleep", "100").ok();
    List<String> flags = List.of("--pid", "container:xx", "--ipc", "container:xx");

    checkAttempts(run(flags, "/bin/probe", "attempts"));
  }

  /** A case that runc fails would be a wrong case: where it refuses, so must we. */
  @Test
  void nothingWorksThatRuncRefuses() throws IOException {
    Map<String, String> ours = outcomes(run("/bin/probe", "attempts"));
    Map<String, String> theirs = outcomes(new Runc(product.home()).run("/bin/probe", "attempts"));

    assertThat(ours.keySet()).isEqualTo(theirs.keySet());
    theirs.forEach((attempt, outcome) -> {
      if (!outcome.equals("ok")) {
        assertThat(ours.get(attempt)).as(attempt + ", with runc: " + outcome).isNotEqualTo("ok");
      }
    });
  }

  private static Map<String, String> outcomes(Result result) {
    Map<String, String> all = new TreeMap<>();
    result.ok().lines().forEach(line -> all.put(line.split(" ")[0], line.split(" ")[1]));
    return all;
  }

  @Test
  void theMountTableIsNotChangedByTrying() {
    String script =
        "cut -d' ' -f4- /proc/self/mountinfo > /tmp/a; /bin/probe attempts > /dev/null; "
            + "cut -d' ' -f4- /proc/self/mountinfo > /tmp/b; cmp /tmp/a /tmp/b && echo same";

    assertThat(sh(script)).isEqualTo("same");
  }

  @Test
  void everySystemCallIsAnsweredAsTheProfileSays() {
    Map<Integer, String> answers = new LinkedHashMap<>();
    for (String line : run("/bin/probe", "calls").lines()) {
      answers.put(Integer.valueOf(line.split(" ")[0]), line.split(" ")[1]);
    }

    for (int refused : REFUSED) {
      assertThat(answers).as("system call " + refused).containsEntry(refused, "EPERM");
    }
    assertThat(answers)
        .containsEntry(435, "ENOSYS")
        .containsEntry(600, "ENOSYS")
        .containsEntry(1000, "ENOSYS");
    assertThat(answers.values()).doesNotContain("SYS");
  }

  /**
   * On x86-64: mounts, modules, keys, kexec, swap, bpf, perf, namespaces, handles, io_uring, old
   * ones.
   */
  private static final int[] REFUSED =
      Arrays.stream(
              ("134 136 139 155 163 165 166 167 168 169 170 171 175 176 177 178 180 246 248 249 250 272"
                      + " 298 304 308 313 320 321 323 425 426 427 428 429 430 431 432 433 442")
                  .split(" "))
          .mapToInt(Integer::parseInt)
          .toArray();

  @Test
  void aSetuidProgramGainsOnlyWhatTheContainerHas() {
    assertThat(run(List.of("-u", "user"), "/bin/probe-setuid", "uid").line()).isEqualTo("1000 0");
    assertThat(
            run(
                    List.of("-u", "user", "--security-opt", "no-new-privileges"),
                    "/bin/probe-setuid",
                    "uid")
                .line())
        .isEqualTo("1000 1000");
    assertThat(
            run(List.of("-u", "user", "--cap-drop", "ALL"), "/bin/probe-setuid", "identity").out())
        .contains("\"CapEff\": \"0000000000000000\"");
  }

  @Test
  void socketsOfOthersAreNotThere() {
    assertThat(sh("wc -l < /proc/net/unix; ls /sys/class/net; tail -n +3 /proc/net/dev | wc -l"))
        .isEqualTo("1\nlo\n1");
  }

  @Test
  void onlyKnownFilesAreWritable() {
    assertThat(run("/bin/probe", "writable").lines()).allMatch(path -> path.matches(WRITABLE));
  }

  /** Devices; masks, behind which is /dev/null; and triggers that watch one's own waiting. */
  private static final String WRITABLE =
      "/dev/(null|zero|full|random|urandom|tty|ptmx|console|pts/.*)"
          + "|/proc/(kcore|keys|interrupts|timer_list|timer_stats|latency_stats|sched_debug)"
          + "|/proc/pressure/(io|cpu|memory|irq)";

  @Test
  void whatTellsAboutTheHostIsHidden() {
    assertThat(run("/bin/probe", "secrets").lines())
        .allMatch(line -> line.matches(".* (ENOENT|EACCES|EPERM|empty)"));
  }

  @Test
  void theKernelsLogIsHidden() {
    assertThat(tryRun(List.of(), "/bin/dmesg").exitCode()).isNotZero();
  }

  @Test
  void aProcessThatJoinsIsNotAWayOut() {
    kapsel(
            "run",
            "-d",
            "--name",
            "watch",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            "while :; do ls -l /proc/[0-9]*/exe /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/fd/* 2>/dev/null | sed -n 's/.* -> //p'; done")
        .ok();
    for (int i = 0; i < 20; i++) {
      kapsel("exec", "watch", "/bin/true").ok();
    }
    kapsel("kill", "watch").ok();
    kapsel("wait", "watch").ok();

    assertThat(kapsel("logs", "watch").ok().lines().stream().distinct().toList())
        .isNotEmpty()
        .allMatch(
            link -> link.matches("/|/bin/busybox|/dev/null|pipe:.*|/proc/.*|socket:.*"),
            "a link of the container's own")
        .noneMatch(link -> link.startsWith("socket:"));
  }

  @Test
  void theLauncherIsNotAProgramThatAnImageCanStart() {
    Result result = tryRun(List.of(), "/proc/self/exe");

    assertThat(result.exitCode()).isIn(126, 127);
  }
}
