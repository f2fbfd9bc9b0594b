package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.Trees;
import io.kapsel.linux.host.HostFacts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A runtime with the real launcher, and the check that each test leaves nothing behind. */
abstract class OnRealKernel {
  static ContainerRuntime runtime;

  @TempDir Path directory;
  String id;

  @BeforeAll
  static void open() {
    runtime = ContainerRuntime.open(HostFacts.probe());
  }

  @AfterAll
  static void close() {
    runtime.close();
  }

  @BeforeEach
  void makeLayer() throws Exception {
    id = "test-" + UUID.randomUUID();
    Files.createDirectory(directory.resolve("upper"));
    Files.createDirectory(directory.resolve("work"));
  }

  @AfterEach
  void remove() throws Exception {
    runtime.remove(id);
    try (Fd here = Open.path(directory.toString(), OpenFlags.DIRECTORY)) {
      Trees.delete(here, "work");
    }
    assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(id);
    assertThat(runtime.known()).doesNotContain(id);
  }

  Bundles bundle() {
    return new Bundles(directory, id);
  }

  String run(Bundle bundle, int code) throws Exception {
    try (ContainerProcess process = runtime.launch(bundle, List.of())) {
      assertThat(process.await().code()).as(log()).isEqualTo(code);
    }
    return log();
  }

  String log() throws Exception {
    return MonitorLog.text(directory);
  }
}
