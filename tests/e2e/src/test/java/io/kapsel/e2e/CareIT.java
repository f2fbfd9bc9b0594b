package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the engine does of its own accord: starts in an order, and snapshots on time. */
class CareIT extends EndToEnd {
  private static final Duration LONG = Duration.ofSeconds(60);

  private static String begin(String name, String... flags) {
    List<String> words = new java.util.ArrayList<>(List.of("run", "-d", "--name", name));
    words.addAll(List.of(flags));
    words.addAll(List.of(TestRoot.reference(), "/bin/sleep", "1000"));
    return kapsel(words.toArray(String[]::new)).ok().line();
  }

  private static Instant startOf(String name) {
    return Instant.parse(kapsel("inspect", "--format", "{{.State.StartedAt}}", name).ok().line());
  }

  private static boolean runs(String name) {
    return kapsel("inspect", "--format", "{{.State.Running}}", name).line().equals("true");
  }

  /** As if the machine had been started anew since. */
  private static void forgetBoot(String id) throws IOException {
    Path record = product.state().resolve("containers/" + id + "/container.json");
    String text = Files.readString(record);
    Files.writeString(record, text.replaceFirst("(\"bootId\"\\s*:\\s*\")[^\"]*", "$1another boot"));
  }

  @Test
  void startsInOrderAfterABoot() throws IOException {
    List<String> ids =
        List.of(
            begin("last", "--restart", "always"),
            begin("second", "--restart", "always"),
            begin("first", "--restart", "always", "--start-order", "30"));
    kapsel("update", "--start-order", "20", "second").ok();
    kapsel("update", "--start-order", "10", "--start-delay", "2", "first").ok();
    kapsel("stop", "-t", "1", "last", "second", "first").ok();
    product.stopEngine();
    for (String id : ids) {
      forgetBoot(id);
    }

    Await.until(
        LONG,
        () -> kapsel("ps", "-a").out(),
        () -> runs("first") && runs("second") && runs("last"));

    assertThat(startOf("second")).isAfterOrEqualTo(startOf("first").plusSeconds(2));
    assertThat(startOf("last")).isAfterOrEqualTo(startOf("second"));
  }

  @Test
  void aGroupIsStartedInItsOrderAndStoppedTheOtherWayRound() {
    String[] group = {"--label", "group=db"};
    begin("late", group);
    begin("second", "--label", "group=db", "--start-order", "20");
    begin("first", "--label", "group=db", "--start-order", "10", "--start-delay", "2");
    begin("other", "--start-order", "1");

    assertThat(kapsel("stop", "-t", "0", "--filter", "label=group=db").ok().lines())
        .containsExactly("late", "second", "first");
    assertThat(kapsel("start", "--filter", "label=group=db").ok().lines())
        .containsExactly("first", "second", "late");
    assertThat(startOf("second")).isAfterOrEqualTo(startOf("first").plusSeconds(2));
    assertThat(startOf("late")).isBefore(startOf("second").plusSeconds(2));
    assertThat(kapsel("stop", "-t", "0", "--all").ok().lines())
        .containsExactly("late", "second", "first", "other");
    assertThat(kapsel("ps", "-q").line()).isEmpty();
  }

  @Test
  void takesSnapshotsOnTimeAndRemovesThemAgain() {
    begin("box", "--snapshot-every", "10s", "--snapshot-keep", "5s");

    Await.until(
        LONG,
        () -> "no snapshot",
        () -> kapsel("snapshot", "ls", "-q", "box").out().startsWith("auto-"));
    String first = kapsel("snapshot", "ls", "-q", "box").out().lines().findFirst().orElseThrow();
    Await.until(
        LONG,
        () -> first + " stays",
        () -> kapsel("snapshot", "ls", "-q", "box").out().lines().noneMatch(first::equals));
    kapsel("update", "--snapshot-every", "0", "box").ok();
    assertThat(kapsel("update", "--snapshot-keep", "1h", "box").err())
        .contains("--snapshot-keep is for snapshots of --snapshot-every");
  }

  /** A machine that goes down at once: nobody could write anything down. */
  private static void cutPower(String name) throws IOException {
    String id = kapsel("inspect", "-f", "{{.Id}}", name).line();
    long init = Long.parseLong(kapsel("inspect", "-f", "{{.State.Pid}}", name).line());
    ProcessHandle process = ProcessHandle.of(init).orElseThrow();
    ProcessHandle.of(product.engine()).orElseThrow().destroyForcibly();
    process.parent().ifPresent(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    Await.until("init is gone", () -> !process.isAlive());
    forgetBoot(id);
  }

  @Test
  void aSystemThatRanComesBackOnceAfterABoot() throws IOException {
    Path root = product.home().resolve("system");
    Command.of("cp", "-a", TestRoot.path().toString(), root.toString()).run().ok();
    Path init = Files.createDirectories(root.resolve("sbin")).resolve("init");
    Files.writeString(init, "#!/bin/sh\necho up >>/boots\nwhile :; do sleep 1; done\n");
    Command.of("chmod", "755", init.toString()).run().ok();
    kapsel("launch", "--restart", "always", "dir:" + root, "box").ok();

    cutPower("box");

    Await.until(LONG, () -> kapsel("ps", "-a").out(), () -> runs("box"));
    assertThat(kapsel("exec", "box", "cat", "/boots").line()).isEqualTo("up\nup");
    product.stopEngine();
    assertThat(kapsel("exec", "box", "cat", "/boots").line()).isEqualTo("up\nup");
    assertThat(kapsel("accounting", "box").out()).contains("tasks");
    HostFiles.delete(root);
  }

  @Test
  void saysWhatIsWrong() {
    assertThat(kapsel("create", "--snapshot-every", "1s", TestRoot.reference(), "true").err())
        .startsWith("kapsel: a snapshot cannot be taken more often than every 10s\n");
    assertThat(kapsel("create", "--snapshot-keep", "1h", TestRoot.reference(), "true").err())
        .startsWith("kapsel: --snapshot-keep is for snapshots of --snapshot-every\n");
    assertThat(kapsel("run", "--rm", "--snapshot-every", "1h", TestRoot.reference(), "true").err())
        .startsWith("kapsel: conflicting options: what goes when it stops has no snapshots\n");
  }
}
