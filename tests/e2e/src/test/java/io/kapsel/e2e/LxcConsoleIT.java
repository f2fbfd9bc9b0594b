package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes on the console of a container in files, and other places of configurations. */
class LxcConsoleIT extends LxcEndToEnd {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Pattern SAID = Pattern.compile("said-[a-zA-Z0-9-]+");

  private Result by(boolean ours, String... words) {
    return ours ? lxc(words) : oracle(words);
  }

  /** Writes on the console of a container that runs, and waits until the file has it. */
  private void say(boolean ours, String word, Path file) {
    by(ours, "lxc-attach", "-n", "web", "--", "/bin/sh", "-c", "echo " + word + " >/dev/console")
        .ok();
    Await.until(
        PATIENCE,
        () -> word + " is in " + file,
        () -> HostFiles.read(file.toString()).contains(word + "\r\n"));
  }

  /** The lines that the test itself has caused; an init may say more. */
  private static List<String> said(Path file) throws IOException {
    return SAID.matcher(Files.readString(file)).results().map(MatchResult::group).toList();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aLogOfTheConsoleGrowsOverStarts(boolean ours) throws IOException {
    Path file = place.resolve("console.log");
    define("web", "lxc.console.logfile = " + file);

    for (int run = 1; run <= 2; run++) {
      by(ours, "lxc-start", "-n", "web").ok();
      say(ours, "said-" + run, file);
      by(ours, "lxc-stop", "-k", "-n", "web").ok();
    }

    assertThat(said(file)).containsExactly("said-1", "said-2");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void optionsNameTheFiles(boolean ours) throws IOException {
    define("web");
    for (String option : ours ? List.of("-L", "-c") : List.of("-L")) { // Debian's -c is a device
      Path file = place.resolve("file" + option);
      by(ours, "lxc-start", "-n", "web", option, file.toString()).ok();
      say(ours, "said" + option, file);
      by(ours, "lxc-stop", "-k", "-n", "web").ok();
      assertThat(said(file)).containsExactly("said" + option);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFileThatCannotBeWrittenEndsTheStart(boolean ours) throws IOException {
    define("web", "lxc.console.logfile = " + place.resolve("no/log"));

    Result refused = by(ours, "lxc-start", "-n", "web");

    assertThat(refused.exitCode()).isOne();
    assertThat(by(ours, "lxc-info", "-n", "web", "-sH").line()).isEqualTo("STOPPED");
    if (ours) {
      assertThat(refused.err()).contains("no/log': no such directory (ENOENT)");
    }
  }

  @Test
  void theNextEngineGoesOn() throws IOException {
    Path file = place.resolve("console.log");
    define("web", "lxc.console.logfile = " + file);
    lxc("lxc-start", "-n", "web").ok();
    say(true, "said-before", file);
    String pid = lxc("lxc-info", "-n", "web", "-pH").line();

    product.killEngine();
    Files.writeString(Path.of("/proc", pid, "root/dev/console"), "said-without\n");
    assertThat(lxc("lxc-info", "-n", "web", "-sH").line()).isEqualTo("RUNNING");
    say(true, "said-after", file);
    lxc("lxc-stop", "-k", "-n", "web").ok();

    assertThat(said(file)).containsExactly("said-before", "said-without", "said-after");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void startsFromAnotherFile(boolean ours) throws IOException {
    Path log = place.resolve("hooks.log");
    Path hook = place.resolve("hook");
    Files.writeString(hook, "#!/bin/sh\necho $3 $LXC_CONFIG_FILE >>" + log + "\n");
    assertThat(hook.toFile().setExecutable(true)).isTrue();
    define("web", "lxc.environment = COLOUR=red");
    Path other = place.resolve("other.conf");
    List<String> lines = new ArrayList<>(Files.readAllLines(place.resolve("web/config")));
    lines.removeLast();
    lines.addAll(List.of("lxc.environment = COLOUR=blue", "lxc.hook.pre-start = " + hook));
    Files.write(other, lines);
    String define = "lxc.hook.post-stop=" + hook;

    by(ours, "lxc-start", "-n", "web", "-f", other.toString(), "-s", define).ok();
    assertThat(
            by(
                    ours,
                    "lxc-attach",
                    "-n",
                    "web",
                    "--",
                    "/bin/grep",
                    "-c",
                    "COLOUR=blue",
                    "/proc/1/environ")
                .line())
        .isEqualTo("1");
    by(ours, "lxc-stop", "-k", "-n", "web").ok();
    Await.until(
        PATIENCE,
        () -> "post-stop is called",
        () -> HostFiles.read(log.toString()).contains("post-stop"));
    assertThat(log).hasContent("pre-start %1$s\npost-stop %1$s".formatted(other));

    by(ours, "lxc-start", "-n", "once", "-f", other.toString()).ok();
    assertThat(by(ours, "lxc-ls", "-1", "--running").line()).isEqualTo("once");
    by(ours, "lxc-stop", "-k", "-n", "once").ok();
    Await.until(
        PATIENCE,
        () -> "nothing of it stays",
        () -> by(ours, "lxc-ls", "-1").lines().equals(List.of("web")));
  }

  /** Debian's lxc-copy removes what is in its way. */
  @Test
  void oneThatCannotBeRenamedIsWhatItWas() throws IOException {
    define("web");
    Path notes = Files.createDirectories(place.resolve("other")).resolve("notes");
    Files.writeString(notes, "kept");
    lxc("lxc-snapshot", "-n", "web").ok(); // so the engine has it, too

    Result refused = lxc("lxc-copy", "-n", "web", "-R", "-N", "other");

    assertThat(refused.exitCode()).isOne();
    assertThat(refused.err()).contains("other' is there already, without a 'config'");
    assertThat(notes).hasContent("kept");
    assertThat(lxc("lxc-ls", "-1").lines()).containsExactly("web");
    assertThat(HostFiles.names(place.resolve("web"))).doesNotContain("config.renamed");
    assertThat(lxc("lxc-snapshot", "-n", "web", "-L").line()).startsWith("snap0");
  }

  /** Debian's copies the root with rsync(1) and removes the first one, which all tests share. */
  @Test
  void isRenamedInItsFileToo() throws IOException {
    define("web");

    lxc("lxc-copy", "-n", "web", "-R", "-N", "other").ok();

    assertThat(lxc("lxc-ls", "-1").lines()).containsExactly("other");
    assertThat(lxc("lxc-info", "-n", "other", "-c", "lxc.uts.name").line())
        .isEqualTo("lxc.uts.name = other");
  }

  private void expect(String script) {
    Path program = Product.DIST.resolve("lxc/lxc-console");
    new Expect(product).run(script.replace("LXC-CONSOLE", program + " -P " + place));
  }

  /** On a busy machine Debian's misses the keys to leave by, but does all of this otherwise. */
  @Test
  void terminalsAreShownLetGoAndTakenAgain() throws IOException {
    define("web");
    assertThat(lxc("lxc-console", "-n", "web").exitCode()).isOne();
    lxc("lxc-start", "-n", "web").ok();

    expect(
        """
        spawn LXC-CONSOLE -n web -t 2
        want {Connected to tty 2}
        want {Type <Ctrl\\+a q> to exit the console, <Ctrl\\+a Ctrl\\+a> to enter Ctrl\\+a itself}
        send "\\r"
        want {# }
        send "echo on-\\$(tty)\\r"
        want {on-/dev/(pts/2|tty2)}
        set second $spawn_id
        spawn LXC-CONSOLE -n web -t 2
        ends 1
        spawn LXC-CONSOLE -n web
        want {Connected to tty 1}
        send "\\x01q"
        ends 0
        spawn LXC-CONSOLE -n web -t 3 -e b
        want {Connected to tty 3}
        want {Type <Ctrl\\+b q> to exit}
        send "\\x02q"
        ends 0
        spawn LXC-CONSOLE -n web -t 5
        ends 1
        set spawn_id $second
        send "\\x01q"
        ends 0
        spawn LXC-CONSOLE -n web -t 2
        want {Connected to tty 2}
        send "echo again\\r"
        want {again}
        send "\\x01q"
        ends 0
        """);
    lxc("lxc-stop", "-k", "-n", "web").ok();
  }
}
