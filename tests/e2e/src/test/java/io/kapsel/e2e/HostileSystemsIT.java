package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Systems whose init is missing, broken, deaf or hostile: the engine stays the master. */
class HostileSystemsIT extends EndToEnd {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String SLEEP = "while :; do sleep 1; done";

  private Path root;

  @BeforeEach
  void makeRoot() throws IOException {
    root = product.home().resolve("hostile");
    Command.of("cp", "-a", TestRoot.path().toString(), root.toString()).run().ok();
    Files.createDirectories(root.resolve("sbin"));
  }

  @AfterEach
  void removeRoot() {
    product.removeAll();
    HostFiles.delete(root);
  }

  private void init(String script) throws IOException {
    Path init = Files.writeString(root.resolve("sbin/init"), "#!/bin/sh\n" + script + "\n");
    Command.of("chmod", "755", init.toString()).run().ok();
  }

  private Result launch(String... flags) {
    List<String> words = new ArrayList<>(List.of("launch"));
    words.addAll(List.of(flags));
    words.addAll(List.of("dir:" + root, "web"));
    return kapsel(words.toArray(String[]::new));
  }

  private static String in(String script) {
    return kapsel("exec", "web", "/bin/sh", "-c", script).ok().line();
  }

  private static String state() {
    return kapsel("inspect", "-f", "{{.State.Status}}", "web").line();
  }

  @Test
  void aRootWithoutAnInitIsNotStarted() {
    Result launched = launch();

    assertThat(launched.exitCode()).isNotZero();
    assertThat(launched.err()).contains("/sbin/init", "ENOENT");
  }

  @Test
  void anInitThatIsNoProgramIsNotStarted() throws IOException {
    init("");
    Files.write(root.resolve("sbin/init"), new byte[] {0, 1, 2});

    Result launched = launch();

    assertThat(launched.exitCode()).isNotZero();
    assertThat(launched.err()).contains("ENOEXEC");
  }

  @ParameterizedTest
  @ValueSource(strings = {"exit 3", "exec /does/not/exist"})
  void anInitThatEndsAtOnceLeavesAStoppedContainer(String script) throws IOException {
    init(script);

    Result launched = launch();

    Await.until(PATIENCE, () -> "it is " + state(), () -> state().equals("exited"));
    assertThat(launched.exitCode()).isNotZero();
    assertThat(launched.err()).contains("cannot boot 'web': its init has ended with exit code");
    assertThat(kapsel("rm", "web").ok().line()).isEqualTo("web");
  }

  @Test
  void anInitThatHearsNoSignalIsKilled() throws IOException {
    init("trap '' TERM HUP INT QUIT USR1 USR2 PWR; " + SLEEP);
    launch().ok();

    kapsel("stop", "-t", "1", "web").ok();

    assertThat(state()).isEqualTo("exited");
    assertThat(kapsel("inspect", "-f", "{{.State.ExitCode}}", "web").line()).isEqualTo("137");
  }

  @Test
  void aSystemThatForksWithoutEndIsCountedAndStopped() throws IOException {
    init("f() { sleep 1000 & sleep 1000 & f; }; (f) & " + SLEEP);
    launch("--pids-limit", "40").ok();

    Await.until(
        PATIENCE,
        () -> "the limit is in the way: " + kapsel("accounting", "web").out(),
        () -> !failures("tasks").matches("0|-|"));
    assertThat(kapsel("run", "--rm", TestRoot.reference(), "/bin/echo", "others live").line())
        .isEqualTo("others live");
    kapsel("stop", "-t", "1", "web").ok();
    assertThat(state()).isEqualTo("exited");
  }

  private static String failures(String resource) {
    return kapsel("accounting", "--format", "{{.Resource}} {{.Failed}}", "web").lines().stream()
        .filter(line -> line.startsWith(resource + " "))
        .map(line -> line.substring(resource.length() + 1))
        .findFirst()
        .orElse("");
  }

  @Test
  void aSystemThatMountsOverItsProcIsStillEnteredAndStopped() throws IOException {
    init("mount -t tmpfs none /proc; mount -t tmpfs none /sys; " + SLEEP);
    launch().ok();

    Await.until(
        PATIENCE,
        () -> "it has mounted",
        () -> kapsel("exec", "web", "/bin/ls", "/proc").out().isEmpty());
    assertThat(in("echo still here")).isEqualTo("still here");
    assertThat(kapsel("accounting", "web").ok().out()).contains("tasks");
    assertThat(kapsel("snapshot", "web").ok().line()).isEqualTo("snap0");
    kapsel("freeze", "web").ok();
    kapsel("unfreeze", "web").ok();
    kapsel("stop", "-t", "1", "web").ok();
    assertThat(state()).isEqualTo("exited");
  }

  @Test
  void aSystemThatOnlyRebootsIsStartedEverMoreSlowlyUntilItIsStopped() throws IOException {
    init("echo booted; reboot -f; " + SLEEP);
    launch("--no-wait");

    Await.until(
        PATIENCE,
        () -> "it has booted some times",
        () -> kapsel("logs", "web").out().lines().filter(it -> it.contains("booted")).count() >= 3);
    kapsel("stop", "-t", "1", "web").ok();
    long boots = kapsel("logs", "web").out().lines().count();

    assertThat(state()).isEqualTo("exited");
    assertThat(boots).isLessThan(12);
    assertThat(kapsel("logs", "web").out().lines().count()).isEqualTo(boots);
  }

  @Test
  void aSystemGoesOnWithoutTheEngine() throws IOException {
    init("i=0; while :; do i=$((i+1)); echo tick $i; sleep 1; done");
    launch("--memory", "64m").ok();
    product.killEngine();
    long before = ticks();

    Await.until(PATIENCE, () -> "it goes on", () -> ticks() > before + 1);
    assertThat(kapsel("accounting", "web").ok().out()).contains("64MiB");
    product.killEngine();
    assertThat(in("echo entered")).isEqualTo("entered");
    kapsel("stop", "-t", "1", "web").ok();
    assertThat(state()).isEqualTo("exited");
  }

  private static long ticks() {
    return kapsel("logs", "web").out().lines().filter(line -> line.startsWith("tick")).count();
  }
}
