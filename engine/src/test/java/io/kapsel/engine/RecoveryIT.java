package io.kapsel.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.engine.log.LogRecord;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.RootSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An engine that comes back finds what it left, whatever happened meanwhile; needs root. */
class RecoveryIT {
  @TempDir Path directory;
  private Kapsel engine;

  @BeforeEach
  void open() {
    EngineConfig config =
        new EngineConfig(
            directory.resolve("state"),
            directory.resolve("run"),
            0,
            Duration.ofMinutes(1),
            1 << 20);
    engine = Kapsel.open(config);
  }

  @AfterEach
  void close() throws InterruptedException {
    for (Container container : engine.containers()) {
      container.remove(true);
    }
    engine.close();
  }

  private void reopen() {
    engine.close();
    open();
  }

  private static ContainerSpecBuilder host(String... command) {
    return new ContainerSpecBuilder(new RootSource.Host()).command(List.of(command));
  }

  private Path state(Container container) {
    return directory.resolve("state/containers").resolve(container.id());
  }

  private Path run(Container container) {
    return directory.resolve("run/containers").resolve(container.id());
  }

  private static ExitStatus exit(Container container) throws Exception {
    return CompletableFuture.supplyAsync(
            () -> {
              try {
                return container.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            })
        .get(20, TimeUnit.SECONDS);
  }

  @Test
  void findsARunningContainerAgain() throws Exception {
    Container before = engine.create(host("sleep", "100").name("web").build());
    before.start();
    Optional<Integer> pid = before.status().pid();
    reopen();

    Container after = engine.container("web");
    assertThat(after.status().phase()).isEqualTo(ContainerStatus.Phase.RUNNING);
    assertThat(after.status().pid()).isEqualTo(pid);
    after.signal(9);
    assertThat(exit(after).code()).isEqualTo(137);
  }

  @Test
  void learnsOfAnEndThatItDidNotSee() throws Exception {
    Container before = engine.create(host("sh", "-c", "sleep 0.5; echo bye; exit 7").build());
    before.start();
    engine.close();
    Path record = run(before).resolve("exit");
    awaitFile(record);
    open();

    Container after = engine.container(before.id());
    assertThat(exit(after).code()).isEqualTo(7);
    try (LogReader log = after.log(LogQuery.ALL)) {
      assertThat(new String(log.next().orElseThrow().bytes(), UTF_8)).isEqualTo("bye\n");
    }
  }

  private static void awaitFile(Path record) throws Exception {
    try (var watcher = record.getFileSystem().newWatchService()) {
      record.getParent().register(watcher, java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY);
      while (!Files.exists(record) || Files.size(record) < 64) {
        var key = watcher.poll(10, TimeUnit.SECONDS);
        assertThat(key).as("the exit record is written").isNotNull();
        key.reset();
      }
    }
  }

  @Test
  void removesWhatWasToBeRemovedAtItsEnd() throws Exception {
    Container before =
        engine.create(host("sh", "-c", "sleep 0.3").autoRemove(true).name("gone").build());
    before.start();
    ProcessHandle monitor =
        ProcessHandle.of(before.status().monitorPid().orElseThrow()).orElseThrow();
    engine.close();
    monitor.onExit().get(10, TimeUnit.SECONDS);
    open();

    engine
        .containers()
        .forEach(container -> {
          try {
            container.awaitRemoval();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    assertThatThrownBy(() -> engine.container("gone")).isInstanceOf(EngineException.NotFound.class);
    assertThat(state(before)).doesNotExist();
    assertThat(run(before)).doesNotExist();
  }

  @Test
  void clearsAwayWhatIsHalfMade() throws IOException {
    String id = "ab".repeat(32);
    Files.createDirectories(directory.resolve("state/containers/" + id + "/upper/x"));
    Files.createDirectories(directory.resolve("run/containers/" + id));
    reopen();

    assertThat(engine.containers()).isEmpty();
    assertThat(directory.resolve("state/containers")).isEmptyDirectory();
    assertThat(directory.resolve("run/containers")).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "null", "{\"schema\":99}", "\u0000\u0000\u0000", "[1]"})
  void putsADamagedRecordAsideAndLoadsTheOthers(String damage) throws Exception {
    Container damaged = engine.create(host("true").name("damaged").build());
    Container whole = engine.create(host("true").name("whole").build());
    Files.writeString(state(damaged).resolve("container.json"), damage);
    reopen();

    assertThat(engine.containers()).extracting(Container::id).containsExactly(whole.id());
    try (var aside = Files.list(directory.resolve("state/quarantine"))) {
      assertThat(aside).hasSize(1);
    }
    assertThat(exit(started("whole")).code()).isZero();
  }

  private Container started(String name) {
    Container container = engine.container(name);
    container.start();
    return container;
  }

  @Test
  void knowsThatAMachineThatWasRestartedRunsNothing() throws Exception {
    Container container = engine.create(host("sleep", "100").name("web").build());
    container.start();
    container.signal(9);
    exit(container);
    Path record = state(container).resolve("container.json");
    String running =
        Files.readString(record)
            .replace("\"EXITED\"", "\"RUNNING\"")
            .replaceAll("\"bootId\":\"[^\"]*\"", "\"bootId\":\"another\"");
    engine.close();
    Files.writeString(record, running);
    deleteRun();
    open();

    Container after = engine.container("web");
    assertThat(after.status().phase()).isEqualTo(ContainerStatus.Phase.EXITED);
    after.start();
    assertThat(after.status().phase()).isEqualTo(ContainerStatus.Phase.RUNNING);
  }

  private void deleteRun() throws IOException {
    try (var all = Files.walk(directory.resolve("run"))) {
      for (Path each : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  @Test
  void startsAgainWithWhatWasWritten() throws Exception {
    Container container = engine.create(host("sh", "-c", "cat /srv/f; echo more >>/srv/f").build());
    container.start();
    exit(container);
    container.start();
    exit(container);

    try (LogReader log = container.log(LogQuery.ALL)) {
      StringBuilder all = new StringBuilder();
      Optional<LogRecord> record = log.next();
      while (record.isPresent()) {
        all.append(record.get().error() ? "" : new String(record.get().bytes(), UTF_8));
        record = log.next();
      }
      assertThat(all.toString()).isEqualTo("more\n");
    }
  }

  @Test
  void refusesASecondEngine() {
    assertThatThrownBy(() ->
            Kapsel.open(EngineConfig.of(directory.resolve("state"), directory.resolve("run2"))))
        .isInstanceOf(EngineException.Conflict.class)
        .hasMessageContaining("another engine is using this state directory");
  }

  @Test
  void leavesNothingOfAContainerThatCannotStart() {
    Container container =
        engine.create(host("/no/such/program").autoRemove(true).name("bad").build());

    assertThatThrownBy(container::start)
        .isInstanceOfSatisfying(
            EngineException.LaunchFailed.class, e -> assertThat(e.exitCode()).isEqualTo(127));
    assertThat(engine.containers()).isEmpty();
    assertThat(state(container)).doesNotExist();
    assertThat(run(container)).doesNotExist();
  }

  @Test
  void waitsForAContainerThatWasNotStartedYet() throws Exception {
    Container container = engine.create(host("sh", "-c", "exit 4").build());
    CompletableFuture<Integer> code = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            code.complete(container.await().code());
          } catch (InterruptedException e) {
            code.completeExceptionally(e);
          }
        });
    container.start();

    assertThat(code.get(20, TimeUnit.SECONDS)).isEqualTo(4);
  }

  @Test
  void startsFromAnArchiveThatIsGone() throws Exception {
    Path archive = directory.resolve("root.tar");
    try (var tar =
        new org.apache.commons.compress.archivers.tar.TarArchiveOutputStream(
            Files.newOutputStream(archive))) {
      var entry = new org.apache.commons.compress.archivers.tar.TarArchiveEntry("bin/busybox");
      byte[] program = Files.readAllBytes(Path.of("/bin/busybox"));
      entry.setSize(program.length);
      entry.setMode(0755);
      tar.putArchiveEntry(entry);
      tar.write(program);
      tar.closeArchiveEntry();
    }
    Container container =
        engine.create(
            new ContainerSpecBuilder(new RootSource.Archive(archive))
                .command(List.of("/bin/busybox", "sh", "-c", "exit 5"))
                .build());
    Files.delete(archive);
    container.start();

    assertThat(exit(container).code()).isEqualTo(5);
  }
}
