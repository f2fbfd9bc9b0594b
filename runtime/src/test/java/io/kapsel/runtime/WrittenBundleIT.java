package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.host.HostFacts;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bundles that others wrote, on the real kernel; looked at from inside. Needs root. */
class WrittenBundleIT {
  static ContainerRuntime runtime;

  @TempDir Path directory;
  private String id;

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

  private WrittenBundles bundle() {
    return new WrittenBundles(directory, id, runtime.facts().cgroups());
  }

  private String run(Bundle bundle, int code) throws Exception {
    try (ContainerProcess process = runtime.launch(bundle, List.of())) {
      assertThat(process.await().code()).as(log()).isEqualTo(code);
    } finally {
      runtime.remove(bundle);
    }
    return log();
  }

  private String log() throws Exception {
    Path file = directory.resolve("log");
    if (!Files.exists(file)) {
      return "";
    }
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    StringBuilder out = new StringBuilder();
    while (in.remaining() >= 16) {
      in.getInt();
      byte[] text = new byte[in.getInt()];
      in.getLong();
      in.get(text);
      out.append(new String(text, StandardCharsets.UTF_8));
    }
    return out.toString();
  }

  @Test
  void runsWhatACallerWritesFirst() throws Exception {
    String out =
        run(
            bundle()
                .running(
                    "id -u; hostname; echo $$; cat /proc/self/uid_map; ls -l /dev; mount; ls"
                        + " /sys/fs/cgroup; cat /proc/self/cgroup; grep Cap /proc/self/status;"
                        + " ulimit -n; cat /proc/kcore | wc -c; echo 1 > /proc/sys/kernel/panic"),
            1);
    assertThat(out)
        .startsWith("0\nbox\n1\n         0          0 4294967295\n")
        .contains("proc on /proc type proc (rw,relatime)")
        .contains("tmpfs on /dev type tmpfs (rw,nosuid,size=65536k,mode=755)")
        .contains("cgroup on /sys/fs/cgroup/memory type cgroup (ro,nosuid,nodev,noexec,relatime,")
        .contains("memory:/\n")
        .contains("CapEff:\t0000000020000420")
        .contains("\n1024\n")
        .contains("/proc/sys/kernel/panic: Read-only file system");
  }
}
