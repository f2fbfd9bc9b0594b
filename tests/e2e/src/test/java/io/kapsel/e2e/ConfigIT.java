package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an administrator sets, what shells complete, and what Prometheus reads. */
class ConfigIT extends EndToEnd {
  @Test
  void aFileIsCheckedLineByLine() {
    Path file = product.home().resolve("bad.conf");
    HostFiles.write(
        file, "# comment\nnetwork = house\n\nnetwrok = none\nidle-exit\nsandbox-pool = 99\n");
    Result result = kapsel("config", "--check", file.toString());

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err().lines())
        .containsExactly(
            "kapsel: '"
                + file
                + "', line 2: 'house' is no value of network: it is one of bridge, none",
            "kapsel: '"
                + file
                + "', line 4: there is no setting 'netwrok'; 'kapsel config' shows all",
            "kapsel: '" + file + "', line 5: 'idle-exit' is not 'key = value'",
            "kapsel: '"
                + file
                + "', line 6: '99' is no value of sandbox-pool: it is a number from 0 to 64");
    HostFiles.write(file, "network = none\n");
    assertThat(kapsel("config", "--check", file.toString()).ok().line())
        .isEqualTo("configuration OK");
  }

  @Test
  void theEnvironmentWinsAndIsNamed() {
    assertThat(kapsel("config").ok().out())
        .startsWith("SETTING")
        .containsPattern("network +none +bridge +KAPSEL_NETWORK")
        .containsPattern("idle-exit +never +never +default");
    assertThat(kapsel("config", "--format", "{{.Setting}}={{.Value}}").ok().lines())
        .contains("group=kapsel", "sandbox-pool=2");
  }

  @Test
  void whatThereIsIsToldAsByDocker() {
    assertThat(
            kapsel("info", "-f", "{{.LoggingDriver}} {{.OSType}} {{.NCPU}} {{.PidsLimit}}").line())
        .matches("local linux \\d+ true");
    assertThat(kapsel("info").ok().out())
        .contains("\n Cgroup Driver: cgroupfs\n", "\n Security Options: ", "name=seccomp")
        .containsPattern("Operating System: \\S+");
    assertThat(kapsel("--help").ok().out()).contains("  accounting  Show what");
  }

  @Test
  void anEngineWithABadFileSaysWhichLine() {
    try (Product other = Product.fresh()) {
      Path file = other.home().resolve("kapsel.conf");
      HostFiles.write(file, "\nhost-firewall = maybe\n");
      Result result = other.command("ps").env("KAPSEL_CONFIG", file.toString()).run();

      assertThat(result.exitCode()).isEqualTo(125);
      assertThat(result.err())
          .contains("cannot start the engine: '" + file + "', line 2: 'maybe' is no value of");
    }
  }

  private static List<String> complete(String line) {
    String script =
        "source <($KAPSEL completion bash); kapsel() { \"$KAPSEL\" \"$@\"; };"
            + " COMP_LINE=\"$LINE\" COMP_POINT=${#LINE}; _kapsel; printf '%s\\n' \"${COMPREPLY[@]}\"";
    return product
        .environment(Command.of("bash", "-c", script))
        .env("KAPSEL", Product.DIST.resolve("bin/kapsel").toString())
        .env("LINE", line)
        .run()
        .ok()
        .lines();
  }

  @Test
  void aShellCompletesCommandsFlagsAndNames() {
    kapsel("create", "--name", "webby", TestRoot.reference(), "/bin/true").ok();
    kapsel("create", "--name", "worker", TestRoot.reference(), "/bin/true").ok();

    assertThat(complete("kapsel sta")).containsExactly("start", "stats");
    assertThat(complete("kapsel start w")).containsExactlyInAnyOrder("webby", "worker");
    assertThat(complete("kapsel container rm we")).containsExactly("webby");
    assertThat(complete("kapsel run --memory-s"))
        .containsExactly("--memory-swap", "--memory-swappiness");
    assertThat(complete("kapsel run --restart=on")).containsExactly("on-failure");
    assertThat(complete("kapsel run --network ho")).containsExactly("host");
    assertThat(complete("kapsel volume ")).contains("create", "prune");
    assertThat(complete("kapsel completion f")).containsExactly("fish");
    assertThat(complete("kapsel snapshot w")).containsExactlyInAnyOrder("webby", "worker");
    assertThat(complete("kapsel snapshot l")).containsExactly("ls");
  }

  /** What a shell of that name would offer, by its own way to ask. */
  private static List<String> completedBy(String shell, String script, String line) {
    return product
        .environment(Command.of(shell, "-c", script))
        .env("KAPSEL", Product.DIST.resolve("bin/kapsel").toString())
        .env("PATH", Product.DIST.resolve("bin") + ":" + System.getenv("PATH"))
        .env("LINE", line)
        .run()
        .ok()
        .lines();
  }

  @Test
  void fishCompletes() {
    String script = "$KAPSEL completion fish | source; complete -C $LINE";
    kapsel("create", "--name", "webby", TestRoot.reference(), "/bin/true").ok();

    assertThat(completedBy("fish", script, "kapsel sta"))
        .extracting(line -> line.split("\t")[0])
        .contains("start", "stats");
    assertThat(completedBy("fish", script, "kapsel start w"))
        .extracting(line -> line.split("\t")[0])
        .containsExactly("webby");
    assertThat(completedBy("fish", script, "kapsel run --memory-sw"))
        .extracting(line -> line.split("\t")[0])
        .contains("--memory-swap", "--memory-swappiness");
  }

  /** A completion of zsh runs only where somebody types: in a terminal of its own. */
  @Test
  void zshCompletes() {
    String script =
        """
        "$KAPSEL" completion zsh >"$HOME_OF_TEST/_kapsel"
        zmodload zsh/zpty
        zpty typing 'zsh -f -i'
        type() { zpty -w typing "$1" }
        type 'PROMPT=; unsetopt zle_bracketed_paste; fpath=("$HOME_OF_TEST" $fpath)'
        type 'autoload -Uz compinit; compinit -u -D; echo READY$((1+1))'
        zpty -r -m typing out '*READY2*' || exit 3
        zpty -w -n typing "$LINE"$'\t'
        zpty -r -m typing out "*$WANTED*" && echo "completed $WANTED"
        zpty -d typing
        """;
    kapsel("create", "--name", "webby", TestRoot.reference(), "/bin/true").ok();
    for (String line :
        List.of("kapsel vers>kapsel version", "kapsel start we>kapsel start webby")) {
      String[] parts = line.split(">");
      Result result =
          product
              .environment(Command.of("zsh", "-f", "-c", script))
              .env("KAPSEL", Product.DIST.resolve("bin/kapsel").toString())
              .env("PATH", Product.DIST.resolve("bin") + ":" + System.getenv("PATH"))
              .env("LINE", parts[0])
              .env("WANTED", parts[1])
              .env("HOME_OF_TEST", product.home().toString())
              .run();
      assertThat(result.ok().out()).contains("completed " + parts[1]);
    }
  }

  @Test
  void figuresAreInTheFormatOfPrometheus() {
    kapsel("run", "-d", "--name", "metro", "-m", "64m", TestRoot.reference(), "/bin/sleep", "4343")
        .ok();
    String text = kapsel("system", "metrics").ok().out();

    assertThat(text)
        .contains("# TYPE kapsel_containers gauge\nkapsel_containers{state=\"running\"} 1\n")
        .containsPattern(
            "kapsel_container_memory_limit_bytes\\{[^}]*name=\"metro\"[^}]*\\} 67108864\n")
        .containsPattern("kapsel_container_cpu_seconds_total\\{[^}]*\\} [0-9.E-]+\n");
    assertThat(text.lines())
        .allMatch(line -> line.matches("# (HELP|TYPE) .*|[a-z_]+(\\{.*\\})? -?[0-9.E-]+"));
  }
}
