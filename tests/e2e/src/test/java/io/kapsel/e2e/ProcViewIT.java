package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a system container reads in its {@code /proc} is what it has, whoever ends meanwhile. */
class ProcViewIT extends EndToEnd {
  private static final Duration LONG = Duration.ofMinutes(8);
  private static final String HALF = "MemTotal:         131072 kB";

  private static void launch(String... flags) {
    List<String> all = new java.util.ArrayList<>(List.of("launch"));
    all.addAll(List.of(flags));
    all.addAll(List.of("debian/bookworm", "web"));
    product.command(all.toArray(String[]::new)).within(LONG).run().ok();
  }

  private static String in(String script) {
    return kapsel("exec", "web", "sh", "-c", script).ok().line();
  }

  /** The keeper and the worker of this product's view, the keeper first. */
  private static List<ProcessHandle> view() {
    String run = product.run().toString();
    return ProcessHandle.allProcesses()
        .filter(each -> each.info().command().orElse("").contains("memfd:kapsel-view"))
        .filter(each -> listensIn(each, run))
        .sorted((a, b) -> a.parent().equals(java.util.Optional.of(b)) ? 1 : -1)
        .toList();
  }

  /** By the number of its socket, which /proc/net/unix has with the path. */
  private static boolean listensIn(ProcessHandle process, String run) {
    try (Stream<String> sockets = Files.lines(Path.of("/proc/net/unix"))) {
      String listener =
          Files.readSymbolicLink(Path.of("/proc", Long.toString(process.pid()), "fd/4")).toString();
      return sockets
          .filter(line -> line.endsWith(run + "/view.sock"))
          .anyMatch(line -> listener.equals("socket:[" + line.split(" +", -1)[6] + "]"));
    } catch (IOException e) {
      return false; // it has ended
    }
  }

  @Test
  void showsItsLimitsAndFollowsThem() {
    launch("--memory", "256m", "--cpus", "1");

    assertThat(in("head -1 /proc/meminfo")).isEqualTo("MemTotal:         262144 kB");
    assertThat(in("grep -c ^processor /proc/cpuinfo; cat /sys/devices/system/cpu/online"))
        .isEqualTo("1\n0");
    assertThat(in("grep -c ^cpu /proc/stat")).isEqualTo("2");
    assertThat(in("ls -l /proc/meminfo")).startsWith("-r--r--r--");
    kapsel("update", "--memory", "128m", "web").ok();
    assertThat(in("head -1 /proc/meminfo")).isEqualTo(HALF);
  }

  @Test
  void countsItsOwnTimeAlone() throws IOException {
    launch();

    String[] inside = in("cat /proc/uptime").split(" ", -1);
    String[] outside =
        Files.readString(Path.of("/proc/uptime"), StandardCharsets.US_ASCII).split(" ", -1);
    assertThat(Double.parseDouble(inside[0])).isLessThan(Double.parseDouble(outside[0]));
    long user = Long.parseLong(in("set -- $(head -1 /proc/stat); echo $2"));
    in("i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done");
    assertThat(Long.parseLong(in("set -- $(head -1 /proc/stat); echo $2"))).isGreaterThan(user);
  }

  @Test
  void goesOnWhoeverOfItIsKilledAndWithoutTheEngine() {
    launch("--memory", "128m");

    List<ProcessHandle> before = view();
    assertThat(before).hasSize(2);
    before.getLast().destroyForcibly();
    Await.until("another worker", () -> view().size() == 2 && !view().equals(before));
    assertThat(in("head -1 /proc/meminfo")).isEqualTo(HALF);
    before.getFirst().destroyForcibly();
    Await.until("another keeper", () -> view().size() == 2 && !view().contains(before.getFirst()));
    assertThat(in("head -1 /proc/meminfo")).isEqualTo(HALF);
    product.stopEngine();
    assertThat(view()).hasSize(2);
    assertThat(in("head -1 /proc/meminfo")).isEqualTo(HALF);
  }

  @Test
  void answersSystemCallsForThoseWhoAskForThat() {
    launch("--memory", "128m", "--cpus", "1", "--intercept", "sysinfo,affinity");

    assertThat(in("getconf _PHYS_PAGES; nproc")).isEqualTo("32768\n1");
    view().getLast().destroyForcibly();
    assertThat(in("getconf _PHYS_PAGES; nproc")).isEqualTo("32768\n1");
    assertThat(in("systemctl is-system-running")).isEqualTo("running");
    kapsel("stop", "web").ok();
    kapsel("start", "web").ok();
    assertThat(in("nproc")).isEqualTo("1");
  }

  @Test
  void readsTheSameInSmallPieces() {
    launch("--memory", "128m");

    String whole = in("cat /proc/cpuinfo | wc -c");
    assertThat(in("dd if=/proc/cpuinfo bs=7 2>/dev/null | wc -c")).isEqualTo(whole);
    assertThat(in("dd if=/proc/meminfo bs=1 count=26 2>/dev/null"))
        .startsWith(HALF.substring(0, 26));
  }

  /** By sendfile(2), as busybox copies; and by the size that a file says it has. */
  @Test
  void readsTheSameHoweverItIsAskedFor() throws IOException {
    Path busybox = Files.copy(Path.of("/bin/busybox"), product.home().resolve("busybox"));
    launch("--memory", "128m", "-v", busybox + ":/bin/busybox");

    assertThat(in("busybox cat /proc/meminfo | head -1")).isEqualTo(HALF);
    assertThat(in("busybox cat /proc/meminfo | tail -n 1"))
        .isEqualTo(in("tail -n 1 /proc/meminfo"));
    assertThat(in("cp /proc/meminfo /tmp/it && wc -c </tmp/it"))
        .isEqualTo(in("cat /proc/meminfo | wc -c"));
    assertThat(in("wc -l </proc/meminfo")).isEqualTo(in("busybox cat /proc/meminfo | wc -l"));
    assertThat(in("wc -c </proc/cpuinfo")).isEqualTo(in("cat /proc/cpuinfo | wc -c"));
  }

  @Test
  void endsWithTheEngineWhenNobodyReads() {
    launch();
    kapsel("rm", "-f", "web").ok();

    product.stopEngine();

    Await.until("it has ended", () -> view().isEmpty());
    assertThat(product.run().resolve("view")).isEmptyDirectory();
  }
}
