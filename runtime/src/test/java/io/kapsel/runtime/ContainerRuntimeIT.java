package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.socket.UnixStream;
import io.kapsel.runtime.plan.EncodedPlan;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Containers on the real kernel, with the real launcher; needs root. */
class ContainerRuntimeIT extends OnRealKernel {
  @Test
  void runsAProgramAndKeepsItsExitCodeAndOutput() throws Exception {
    assertThat(run(bundle().running("sh", "-c", "echo hello; echo bad >&2; exit 7"), 7))
        .contains("hello\n")
        .contains("bad\n");
  }

  @Test
  void isRootOfItsOwnUserNamespaceOnly() throws Exception {
    assertThat(run(bundle().running("sh", "-c", "id -u; cat /proc/self/uid_map; hostname"), 0))
        .startsWith("0\n")
        .contains("536870912      65536")
        .endsWith("box\n");
  }

  @Test
  void runsOnTheHostsUsersWhenAsked() throws Exception {
    assertThat(run(bundle().onHostUsers().running("cat", "/proc/self/uid_map"), 0))
        .contains("0          0 4294967295");
  }

  @Test
  void showsOnlyItsOwnMounts() throws Exception {
    String mounts = run(bundle().running("cat", "/proc/self/mountinfo"), 0);

    assertThat(mounts.lines().map(line -> line.split(" ")[4]))
        .contains("/", "/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue")
        .allMatch(point -> !point.contains("stage") && !point.contains("newroot"));
  }

  @Test
  void failsWithTheReasonWhenTheProgramIsMissing() {
    assertThatThrownBy(() -> runtime.launch(bundle().running("nosuchprogram"), List.of()))
        .isInstanceOfSatisfying(
            LaunchException.class,
            e -> assertThat(e.kind()).isEqualTo(LaunchException.Kind.NOT_FOUND))
        .hasMessage("exec 'nosuchprogram': no such file or directory (ENOENT)");
  }

  @Test
  void tellsOfASignal() throws Exception {
    run(bundle().withInit().running("sh", "-c", "kill -9 $$"), 137);
  }

  @Test
  void mayNotMount() throws Exception {
    assertThat(run(bundle().running("sh", "-c", "mount -t tmpfs x /mnt 2>&1; echo $?"), 0))
        .contains("denied");
  }

  @Test
  void hasATerminal() throws Exception {
    assertThat(run(bundle().withTerminal().running("sh", "-c", "tty; stty size"), 0))
        .contains("/dev/pts/0")
        .contains("24 80");
  }

  @Test
  void entersARunningContainer() throws Exception {
    Bundle bundle = bundle().running("sleep", "60");
    try (ContainerProcess process = runtime.launch(bundle, List.of())) {
      UnixStream.Pair pair = UnixStream.pair();
      Bundle inside = bundle().running("sh", "-c", "id -u; ps ax | wc -l; hostname");
      try (ContainerProcess entered =
          runtime.exec(
              process,
              bundle,
              inside.spec().process().orElseThrow(),
              true,
              Stdio.OUTPUT,
              List.of(new Client(pair.other(), false, true, true)))) {
        pair.other().close();
        assertThat(entered.await().code()).isZero();
        byte[] frames = new byte[4096];
        StringBuilder all = new StringBuilder();
        int n;
        while ((n = pair.stream().read(frames, 0, frames.length)) > 0) {
          all.append(new String(frames, 0, n, StandardCharsets.ISO_8859_1));
        }
        assertThat(all.toString()).contains("0\n").contains("box\n");
      }
      process.signal(9);
      assertThat(process.await().code()).isEqualTo(137);
    }
  }

  @Test
  void startsFasterInAPreparedSandbox() throws Exception {
    Bundle bundle = bundle().running("true");
    EncodedPlan plan = EncodedPlan.of(runtime.plan(bundle));
    Sandbox sandbox = runtime.prepare(bundle.id(), plan.sandbox());

    try (ContainerProcess process =
        runtime.launch(sandbox, plan, bundle.runDirectory(), List.of(), () -> {})) {
      assertThat(process.await().code()).isZero();
    }
  }

  @Test
  void isFoundAgainThroughItsSocket() throws Exception {
    Bundle bundle = bundle().running("sh", "-c", "sleep 1; exit 3");
    ContainerProcess first = runtime.launch(bundle, List.of());
    first.close();

    try (ContainerProcess again = runtime.reconnect(bundle).orElseThrow()) {
      assertThat(again.pid()).isEqualTo(first.pid());
      assertThat(again.await().code()).isEqualTo(3);
    }
  }
}
