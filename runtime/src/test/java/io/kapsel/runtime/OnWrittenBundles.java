package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;

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

/** A runtime with the real launcher for bundles of others, and the check that nothing is left. */
abstract class OnWrittenBundles {
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
  void makeRoot() throws Exception {
    id = "written-" + UUID.randomUUID();
    WrittenBundles.makeRoot(directory);
  }

  @AfterEach
  void leavesNothing() throws Exception {
    assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(id);
    for (Path group :
        CgroupPlace.of(runtime.facts().cgroups(), "", id, java.util.Map.of()).groups().values()) {
      assertThat(group).doesNotExist();
    }
  }

  WrittenBundles bundle() {
    return new WrittenBundles(directory, id, runtime.facts().cgroups());
  }

  String run(Bundle bundle, int code) throws Exception {
    try (ContainerProcess process = runtime.launch(bundle, List.of())) {
      assertThat(process.await().code()).as(log()).isEqualTo(code);
    } finally {
      runtime.remove(bundle);
    }
    return log();
  }

  String log() throws Exception {
    return log(directory);
  }

  static String log(Path directory) throws Exception {
    return MonitorLog.text(directory);
  }
}
