package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which namespaces inside a container are in the way of CRIU. */
class NestedNamespacesTest {
  private static final List<String> KINDS =
      List.of("uts", "ipc", "user", "pid", "cgroup", "time", "mnt", "net");

  @TempDir private Path proc;

  @BeforeEach
  void make() throws IOException {
    process(1, "systemd");
    process(7, "systemd-logind");
  }

  private void process(int pid, String name) throws IOException {
    Path own = Files.createDirectories(proc.resolve(Integer.toString(pid)));
    Files.createDirectory(own.resolve("ns"));
    Files.writeString(own.resolve("comm"), name + "\n");
    for (String kind : KINDS) {
      Files.createSymbolicLink(own.resolve("ns").resolve(kind), Path.of(kind + ":[1]"));
    }
  }

  private void unshare(String kind) throws IOException {
    Path link = proc.resolve("7/ns").resolve(kind);
    Files.delete(link);
    Files.createSymbolicLink(link, Path.of(kind + ":[2]"));
  }

  private String obstacle() {
    return new NestedNamespaces(proc).obstacle(1, List.of(1, 7, 9)).orElse("none");
  }

  @Test
  void namesTheProgramAndWhatHelps() throws IOException {
    unshare("uts");

    assertThat(obstacle())
        .isEqualTo(
            "'systemd-logind' (pid 7) in it has a uts namespace of its own (where a unit of"
                + " systemd's says so: ProtectHostname=), which CRIU does not freeze; stop it"
                + " first");
  }

  @Test
  void namesNoSettingWhereThereIsNone() throws IOException {
    unshare("pid");

    assertThat(obstacle())
        .endsWith("a pid namespace of its own, which CRIU does not freeze; stop it first");
  }

  @Test
  void letsMountsAndNetworksBeNested() throws IOException {
    unshare("mnt");
    unshare("net");

    assertThat(obstacle()).isEqualTo("none");
  }
}
