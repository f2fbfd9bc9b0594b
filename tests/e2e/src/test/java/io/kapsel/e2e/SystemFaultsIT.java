package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Systems whose view or monitor is killed or exchanged, or whose disk is full, go on. */
class SystemFaultsIT extends EndToEnd {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String HALF = "MemTotal:         131072 kB";

  /** That of a file whose server is gone: better than the host's figures. */
  private static final String GONE = "Transport endpoint is not connected";

  private Path root;

  @BeforeEach
  void makeRoot() throws IOException {
    root = product.home().resolve("system");
    Command.of("cp", "-a", TestRoot.path().toString(), root.toString()).run().ok();
    Path init = Files.createDirectories(root.resolve("sbin")).resolve("init");
    Files.writeString(init, "#!/bin/sh\nwhile :; do sleep 1; done\n");
    Command.of("chmod", "755", init.toString()).run().ok();
  }

  @AfterEach
  void removeRoot() {
    product.removeAll();
    kapsel("volume", "rm", "-f", "disk");
    HostFiles.delete(root);
  }

  private void launch(String name, String... flags) {
    List<String> words = new ArrayList<>(List.of("launch"));
    words.addAll(List.of(flags));
    words.addAll(List.of("dir:" + root, name));
    kapsel(words.toArray(String[]::new)).ok();
  }

  private static Result tryIn(String name, String script) {
    return product
        .command("exec", name, "/bin/sh", "-c", "timeout 10 sh -c '" + script + "' 2>&1")
        .within(PATIENCE)
        .run();
  }

  private static String in(String name, String script) {
    return tryIn(name, script).ok().line();
  }

  private static String look(String name, String template) {
    return kapsel("inspect", "-f", template, name).ok().line();
  }

  private static void kill(String signal, List<Long> pids) {
    List<String> words = new ArrayList<>(List.of("kill", signal));
    pids.forEach(pid -> words.add(Long.toString(pid)));
    new Command(words).run().ok();
  }

  /** The keeper and the worker of this product's view. */
  private static List<Long> view() {
    String socket = product.run() + "/view.sock";
    List<String> listeners =
        HostFiles.read("/proc/net/unix")
            .lines()
            .filter(line -> line.endsWith(socket))
            .map(line -> "socket:[" + line.split(" +", -1)[6] + "]")
            .toList();
    return HostFiles.pids().stream()
        .filter(pid -> HostFiles.link("/proc/" + pid + "/exe").contains("memfd:kapsel-view"))
        .filter(pid -> listeners.contains(HostFiles.link("/proc/" + pid + "/fd/4")))
        .toList();
  }

  /** Both of them at once: one of them alone would make another. */
  private static void killView() {
    List<Long> both = view();
    assertThat(both).hasSize(2);
    kill("-STOP", both);
    kill("-KILL", both);
    Await.until("they are gone", () -> both.stream().noneMatch(HostFiles::alive));
  }

  /** It shows what the system has, and nothing else meanwhile. */
  private static void isShownAgain(String name, String wanted) {
    Await.until(
        PATIENCE,
        () -> "its own /proc: " + tryIn(name, "head -1 /proc/meminfo").out(),
        () -> {
          String line = tryIn(name, "head -1 /proc/meminfo").line();
          assertThat(line)
              .satisfiesAnyOf(
                  it -> assertThat(it).isEqualTo(wanted), it -> assertThat(it).contains(GONE));
          return line.equals(wanted);
        });
    assertThat(in(name, "grep -c ^processor /proc/cpuinfo; head -1 /sys/devices/system/cpu/online"))
        .isEqualTo("1\n0");
    assertThat(in(name, "head -qn1 /proc/uptime /proc/stat /proc/loadavg /proc/swaps"))
        .hasLineCount(4);
  }

  @Test
  void aViewThatIsKilledAsAWholeComesBack() {
    launch("web", "--memory", "128m", "--cpus", "1");
    launch("other", "--memory", "64m", "--cpus", "1");
    for (int i = 0; i < 2; i++) {
      killView();
      isShownAgain("web", HALF);
      isShownAgain("other", "MemTotal:          65536 kB");
      assertThat(view()).hasSize(2);
    }
    kapsel("update", "--memory", "64m", "web").ok();
    assertThat(in("web", "head -1 /proc/meminfo")).isEqualTo("MemTotal:          65536 kB");
    kapsel("restart", "-t", "0", "web").ok();
    assertThat(in("web", "grep -c kapsel-view /proc/mounts")).isEqualTo("10");
  }

  @Test
  void aViewThatIsKilledWhileThereIsNoEngineComesBackWithIt() {
    launch("web", "--memory", "128m", "--cpus", "1");
    product.killEngine();
    killView();

    isShownAgain("web", HALF);
    assertThat(in("web", "grep -c kapsel-view /proc/mounts")).isEqualTo("20");
  }

  @Test
  void whatASystemHasMountedOverItsProcStays() {
    launch("web", "--memory", "128m", "--cpus", "1");
    launch("other", "--memory", "128m", "--cpus", "1");
    in("web", "mount -t tmpfs none /proc");
    killView();

    isShownAgain("other", HALF);
    assertThat(in("web", "ls -A /proc")).isEmpty();
    assertThat(in("web", "head -1 /sys/devices/system/cpu/online")).isEqualTo("0");
  }

  /** The same programs, but for the view, which has another digest. */
  private static Product ofAnotherBuild() throws IOException {
    Path prefix = Installation.copied(product).prefix();
    try (Stream<Path> jars = Files.list(prefix.resolve("lib/kapsel/modules"))) {
      Path jar =
          jars.filter(it -> it.toString().contains("kapsel-runtime")).findFirst().orElseThrow();
      try (FileSystem inside = FileSystems.newFileSystem(jar);
          Stream<Path> all = Files.walk(inside.getPath("/"))) {
        for (Path each : all.filter(it -> it.endsWith("kapsel-view")).toList()) {
          Files.write(each, new byte[16], StandardOpenOption.APPEND);
        }
      }
    }
    return product.by(prefix);
  }

  private static List<Integer> programs() {
    return view().stream()
        .map(pid -> HostFiles.read("/proc/" + pid + "/exe").length())
        .distinct()
        .toList();
  }

  @Test
  void anotherBuildTakesTheViewOverUnderASystemThatReads() throws IOException {
    launch("web", "--memory", "128m", "--cpus", "1");
    List<Integer> before = programs();
    Product other = ofAnotherBuild();
    kapsel(
            "exec",
            "-d",
            "web",
            "/bin/sh",
            "-c",
            "while :; do head -1 /proc/meminfo; done >/read 2>&1")
        .ok();
    product.stopEngine();
    other.kapsel("ps").ok();

    Await.until(PATIENCE, () -> "another program: " + programs(), () -> !programs().equals(before));
    assertThat(view()).hasSize(2);
    isShownAgain("web", HALF);
    product.stopEngine();
    kapsel("ps").ok();
    Await.until(PATIENCE, () -> "the first one: " + programs(), () -> programs().equals(before));
    assertThat(in("web", "sort -u /read")).isEqualTo(HALF);
    assertThat(in("web", "grep -c kapsel-view /proc/mounts")).isEqualTo("10");
    HostFiles.delete(product.home().resolve("copied"));
  }

  @Test
  void aFullDiskIsTheSystemsOwnAffair() {
    kapsel("volume", "create", "-o", "size=24m", "disk").ok();
    launch("web", "-v", "disk:/srv");
    launch("other");
    Result filled = tryIn("web", "dd if=/dev/zero of=/srv/fill bs=64k");

    assertThat(filled.out()).contains("No space left on device");
    assertThat(in("web", "df -P /srv | tail -1")).contains("100%");
    assertThat(in("other", "echo fine >/x && cat /x")).isEqualTo("fine");
    assertThat(tryIn("web", "head -c 1000000 /dev/zero >/srv/more").exitCode()).isNotZero();
    assertThat(kapsel("snapshot", "web").ok().line()).isEqualTo("snap0");
    product.killEngine();
    kapsel("stop", "-t", "1", "web").ok();
    kapsel("start", "web").ok();
    in("web", "rm /srv/fill && echo more >/srv/more");
    kapsel("rm", "-f", "web").ok();
    kapsel("volume", "rm", "disk").ok();
  }

  private static void killMonitor(String name) {
    long before = Long.parseLong(look(name, "{{.State.MonitorPid}}"));
    kill("-KILL", List.of(before));
    Await.until(
        PATIENCE,
        () -> name + " has another monitor",
        () -> Long.parseLong(look(name, "{{.State.MonitorPid}}")) != before);
  }

  private static void becomes(String name, String health) {
    Await.until(
        PATIENCE,
        () -> name + " becomes " + health + ": " + look(name, "{{json .State.Health}}"),
        () -> look(name, "{{.State.Health.Status}}").equals(health));
  }

  @Test
  void healthAndAccountsGoOnUnderAKilledMonitor() {
    launch(
        "web",
        "--memory",
        "128m",
        "--health-cmd",
        "test -e /ok",
        "--health-interval",
        "100ms",
        "--health-retries",
        "2");
    becomes("web", "unhealthy");
    in("web", "touch /ok");
    becomes("web", "healthy");
    for (int i = 0; i < 3; i++) {
      killMonitor("web");
    }
    assertThat(look("web", "{{.State.Health.Status}} {{.State.Status}} {{.RestartCount}}"))
        .isEqualTo("healthy running 0");
    in("web", "rm /ok");
    becomes("web", "unhealthy");
    killMonitor("web");
    in("web", "touch /ok");
    becomes("web", "healthy");
    assertThat(kapsel("accounting", "web").ok().out()).contains("128MiB", "tasks");
    assertThat(in("web", "head -1 /proc/meminfo")).isEqualTo(HALF);
    kapsel("stop", "-t", "1", "web").ok();
    assertThat(look("web", "{{.State.Status}}")).isEqualTo("exited");
  }
}
