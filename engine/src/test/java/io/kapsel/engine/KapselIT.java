package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.engine.log.LogRecord;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.engine.spec.Limits;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.RestartPolicy;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.engine.spec.Stdio;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The engine on the real kernel; needs root. */
class KapselIT {
  @TempDir Path directory;
  private Kapsel engine;

  @BeforeEach
  void open() {
    engine = Kapsel.open(EngineConfig.of(directory.resolve("state"), directory.resolve("run")));
  }

  @AfterEach
  void close() throws Exception {
    for (Container container : engine.containers()) {
      container.remove(true);
    }
    engine.close();
    assertThat(directory.resolve("state/containers")).isEmptyDirectory();
    assertThat(directory.resolve("run/containers")).isEmptyDirectory();
  }

  private static ContainerSpecBuilder host(String... command) {
    return new ContainerSpecBuilder(new RootSource.Host()).command(List.of(command));
  }

  private static String output(Container container) throws Exception {
    StringBuilder all = new StringBuilder();
    try (LogReader log = container.log(LogQuery.ALL)) {
      Optional<LogRecord> next = log.next();
      while (next.isPresent()) {
        all.append(new String(next.get().bytes(), StandardCharsets.UTF_8));
        next = log.next();
      }
    }
    return all.toString();
  }

  private String run(ContainerSpec spec, int code) throws Exception {
    Container container = engine.create(spec);
    container.start();
    assertThat(container.await().code()).as(output(container)).isEqualTo(code);
    return output(container);
  }

  @Test
  void runsOnAViewOfThisMachine() throws Exception {
    assertThat(
            run(host("sh", "-c", "cat /etc/hostname; id -un; exit 3").hostname("box").build(), 3))
        .isEqualTo("box\nroot\n");
  }

  @Test
  void hidesWhatIsPrivateToTheHost() throws Exception {
    String seen =
        run(
            host("sh", "-c", "ls -A /root /home /run /tmp /srv; ls -A /; cat /etc/shadow").build(),
            0);

    assertThat(seen).contains("root:!:").doesNotContain("\nwork\n").doesNotContain("kapsel");
  }

  @Test
  void hasAFreshSandboxForEachOfMany() throws Exception {
    for (int i = 0; i < 10; i++) {
      assertThat(run(host("cat", "/proc/self/uid_map").build(), 0)).contains("65536");
    }
    assertThat(engine.containers().stream().map(Container::id).distinct()).hasSize(10);
  }

  @Test
  void killsWhatTakesTooMuchMemory() throws Exception {
    Optional<Long> none = Optional.empty();
    Limits limits =
        new Limits(
            Optional.of(16L << 20),
            Optional.of(16L << 20),
            none,
            none,
            none,
            none,
            none,
            Optional.empty(),
            Optional.empty(),
            none);
    Container container =
        engine.create(
            host("sh", "-c", "head -c 200m /dev/zero | tail | wc -c").limits(limits).build());
    container.start();
    container.await();

    assertThat(container.status().exit().orElseThrow().oomKilled()).isTrue();
  }

  @Test
  void stopsRemovesAndForgets() throws Exception {
    Container container = engine.create(host("sleep", "100").name("web").build());
    container.start();
    container.stop(Optional.of(9), Optional.of(Duration.ofSeconds(5)));

    assertThat(container.status().exit().orElseThrow().code()).isEqualTo(137);
    container.remove(false);
    assertThatThrownBy(() -> engine.container("web"))
        .hasMessage("cannot find 'web': there is no such container");
  }

  @Test
  void entersARunningContainer() throws Exception {
    Container container = engine.create(host("sleep", "100").build());
    container.start();
    Exec exec =
        container.exec(ExecSpec.of(List.of("sh", "-c", "test $(id -u) = 0"), Stdio.OUTPUT_ONLY));
    exec.start();

    assertThat(exec.await().code()).isZero();
  }

  @Test
  void findsItsContainersAgain() throws Exception {
    Container container = engine.create(host("sh", "-c", "sleep 2; exit 4").name("on").build());
    container.start();
    engine.close();
    open();

    assertThat(engine.container("on").status().phase()).isEqualTo(ContainerStatus.Phase.RUNNING);
    assertThat(engine.container("on").await().code()).isEqualTo(4);
  }

  @Test
  void refusesASecondEngineOnItsState() {
    assertThatThrownBy(() ->
            Kapsel.open(EngineConfig.of(directory.resolve("state"), directory.resolve("run"))))
        .isInstanceOf(EngineException.Conflict.class)
        .hasMessageContaining("another engine is using this state directory");
  }

  @Test
  void unpacksAnArchiveOnce() throws Exception {
    Path root = Files.createDirectories(directory.resolve("root/bin"));
    Files.copy(Path.of("/bin/busybox"), root.resolve("busybox"));
    Process tar =
        new ProcessBuilder(
                "tar",
                "-C",
                directory.resolve("root").toString(),
                "-czf",
                directory.resolve("root.tar.gz").toString(),
                ".")
            .inheritIO()
            .start();
    assertThat(tar.waitFor()).isZero();
    ContainerSpec spec =
        new ContainerSpecBuilder(new RootSource.Archive(directory.resolve("root.tar.gz")))
            .command(List.of("/bin/busybox", "echo", "unpacked"))
            .build();

    assertThat(run(spec, 0)).isEqualTo("unpacked\n");
    assertThat(run(spec, 0)).isEqualTo("unpacked\n");
  }

  @Test
  void leavesNothingOfAContainerThatCannotStart() {
    Container container = engine.create(host("nosuchprogram").build());

    assertThatThrownBy(container::start)
        .isInstanceOfSatisfying(
            EngineException.LaunchFailed.class, e -> assertThat(e.exitCode()).isEqualTo(127))
        .hasMessageContaining("no such file or directory (ENOENT)");
  }

  @Test
  void whatItsPolicyStartsAgainIsNeverSeenEnded() throws Exception {
    Container container =
        engine.create(host("true").restart(RestartPolicy.parse("always")).build());
    container.start();
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();

    while (container.status().restartCount() < 4 && System.nanoTime() < end) {
      ContainerStatus status = container.status();
      assertThat(status.phase() == ContainerStatus.Phase.RUNNING || status.restarting())
          .as(status.toString())
          .isTrue();
    }

    assertThat(container.status().restartCount()).isEqualTo(4);
    container.stop(Optional.empty(), Optional.empty());
    assertThat(container.status().restarting()).isFalse();
  }

  @Test
  void groupsAboveAllContainersThatSomebodyRemovedAreMadeAgain() throws Exception {
    engine.close();
    engine =
        Kapsel.open(
            new EngineConfig(
                directory.resolve("state"), directory.resolve("run"), 0, Duration.ZERO, 1 << 20));
    for (String removed : List.of("/sys/fs/cgroup/kapsel", "/sys/fs/cgroup/unified/kapsel")) {
      Files.deleteIfExists(Path.of(removed));
    }

    run(host("true").build(), 0);
  }

  @Test
  void whoWaitsIsToldWhenAUsersStartFailsInPlaceOfAnother() throws Exception {
    Path source = Files.createDirectory(directory.resolve("source"));
    Container container =
        engine.create(
            host("sh", "-c", "exit 3")
                .mounts(List.of(MountRequest.parseVolume(source + ":/mnt", directory)))
                .restart(RestartPolicy.parse("always"))
                .build());
    container.start();
    FutureTask<ExitStatus> end = new FutureTask<>(container::await);
    Thread.startVirtualThread(end);
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while ((container.status().restartCount() < 4 || !container.status().restarting())
        && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }

    Files.delete(source);
    assertThatThrownBy(container::start).isInstanceOf(EngineException.class);

    assertThat(end.get(20, TimeUnit.SECONDS).code()).isEqualTo(3);
    assertThat(container.status().restarting()).isFalse();
  }
}
