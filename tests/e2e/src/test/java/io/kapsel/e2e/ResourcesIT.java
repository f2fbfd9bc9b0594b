package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Limits hold, and what exhausts them harms nobody else (rows X1 and X2). */
class ResourcesIT extends EndToEnd {
  /** The first of a container's cgroup files with one of these names, in any hierarchy. */
  private static String limit(String id, String... names) {
    String pid = kapsel("inspect", "--format", "{{.State.Pid}}", id).ok().line();
    return new Cgroup(Long.parseLong(pid)).read(names);
  }

  private static String idle(String... flags) {
    List<String> words = new java.util.ArrayList<>(List.of("run", "-d"));
    words.addAll(List.of(flags));
    words.addAll(List.of(TestRoot.reference(), "/bin/sleep", "100"));
    return kapsel(words.toArray(String[]::new)).ok().line();
  }

  @Test
  void limitsAreWrittenWhereTheKernelReadsThem() {
    String id =
        idle(
            "--memory",
            "64m",
            "--memory-reservation",
            "32m",
            "--cpus",
            "0.5",
            "--cpu-shares",
            "512",
            "--pids-limit",
            "50",
            "--cpuset-cpus",
            "0");

    assertThat(limit(id, "memory.max", "memory.limit_in_bytes")).isEqualTo("67108864");
    assertThat(limit(id, "memory.low", "memory.soft_limit_in_bytes")).isEqualTo("33554432");
    assertThat(limit(id, "cpu.max", "cpu.cfs_quota_us")).startsWith("50000");
    assertThat(limit(id, "cpu.weight", "cpu.shares")).isIn("512", "59", "20");
    assertThat(limit(id, "pids.max")).isEqualTo("50");
    assertThat(limit(id, "cpuset.cpus")).isEqualTo("0");
  }

  @Test
  void processesAreLimitedWithoutAFlag() {
    assertThat(limit(idle(), "pids.max")).isEqualTo("2048");
  }

  @Test
  void aForkBombStopsAtTheLimitAndDiesAtOnce() {
    String made = run(List.of("--pids-limit", "40"), "/bin/probe", "burn", "forks", "1000").line();
    assertThat(made).endsWith(" EAGAIN");
    assertThat(Integer.parseInt(made.split(" ")[0])).isBetween(30, 40);

    kapsel(
            "run",
            "-d",
            "--name",
            "bomb",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            "/bin/probe burn forks 5000; sleep 100")
        .ok();
    Await.until("the limit is hit", () -> kapsel("logs", "bomb").ok().out().contains("EAGAIN"));
    long start = System.nanoTime();
    kapsel("rm", "-f", "bomb").ok();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void aMemoryBombKillsItselfOnly() {
    String id = idle();
    Result result = tryRun(List.of("--memory", "32m"), "/bin/probe", "burn", "memory", "200");

    assertThat(result.exitCode()).isEqualTo(137);
    assertThat(run(List.of("--memory", "64m"), "/bin/probe", "burn", "memory", "8").line())
        .isEqualTo("ate 8");
    assertThat(kapsel("ps", "-q").ok().line()).isEqualTo(id.substring(0, 12));
  }

  @Test
  void anOutOfMemoryKillIsTold() {
    kapsel(
            "run",
            "-d",
            "--name",
            "oom",
            "--memory",
            "32m",
            TestRoot.reference(),
            "/bin/probe",
            "burn",
            "memory",
            "200")
        .ok();
    assertThat(kapsel("wait", "oom").ok().line()).isEqualTo("137");

    assertThat(kapsel("inspect", "oom").ok().out()).containsPattern("(?i)\"oomkilled\" ?: ?true");
  }

  @Test
  void sharedMemoryCountsToo() {
    Result result =
        tryRun(
            List.of("--memory", "32m", "--shm-size", "1g"),
            "/bin/dd",
            "if=/dev/zero",
            "of=/dev/shm/x",
            "bs=1M",
            "count=200");

    assertThat(result.exitCode()).isEqualTo(137);
  }

  @Test
  void processorTimeIsLimited() {
    String script =
        "t=$(date +%s%N); i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; "
            + "cat /sys/fs/cgroup/cpu.stat 2>/dev/null | grep nr_throttled || echo v1";
    assertThat(sh(List.of("--cpus", "0.1"), script)).isNotEqualTo("nr_throttled 0");
  }

  /** A JVM in a container reads its limits there. */
  @Test
  void aContainerReadsItsOwnControlGroupAndNoOther() {
    assertThat(sh("cat /sys/fs/cgroup/cgroup.procs | head -n 1; ls /sys/fs/cgroup/.."))
        .startsWith("1\n");
    assertThat(sh("ls /sys/fs/cgroup")).contains("cgroup.procs").doesNotContain("kapsel");
  }
}
