package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The engine is killed at many moments of each operation, and at its system calls one after the
 * other; afterwards a new engine finds the container as it was before or as it should be after, can
 * remove it, and finds nothing else (row F1).
 *
 * <p>All system calls would take minutes: each day has its part of them, which comes round every
 * {@value #PARTS} days. {@code -Dkapsel.sweep=all} takes all of them, {@code -Dkapsel.sweep=N} the
 * part of that day.
 */
class KillSweepIT {
  private static final int MOMENTS = 6;
  private static final long STEP_NANOS = 2_500_000;

  private static final int PARTS = 2;
  private static final int FEWEST_CALLS = 2;
  private static final int MOST_CALLS = 400;

  /** What does not change anything, and what other threads of a JVM do all the time. */
  private static final String CALLS =
      "!futex,restart_syscall,mmap,munmap,mprotect,madvise,sched_yield,clock_nanosleep,"
          + "epoll_ctl,epoll_pwait,ppoll,fcntl,lseek,getsockopt,fstat,statx,rt_sigprocmask";

  private static Product product;
  private static Set<String> cgroupsBefore;

  @BeforeAll
  static void fresh() {
    cgroupsBefore = Product.cgroups();
    product = Product.fresh();
  }

  @AfterAll
  static void leavesNothing() {
    product.close();
    Await.until(
        Duration.ofSeconds(5),
        () -> "no empty cgroup stays: " + Product.emptyCgroups(cgroupsBefore),
        () -> Product.emptyCgroups(cgroupsBefore).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(strings = {"create", "run", "start", "stop", "rm"})
  void killedAtAnyMoment(String operation) throws Exception {
    for (int moment = 0; moment < MOMENTS; moment++) {
      String name = operation + moment;
      prepare(operation, name);
      kapsel("ps").ok();
      long engine = product.engine();
      Process client = product.command(words(operation, name)).start();
      LockSupport.parkNanos(moment * STEP_NANOS);
      Command.of("kill", "-KILL", Long.toString(engine)).run();
      assertThat(client.waitFor(30, TimeUnit.SECONDS)).as("the client ends").isTrue();

      verify(operation, name);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"create", "start", "stop", "rm"})
  void killedAtASystemCall(String operation) throws Exception {
    int step = Sweep.step();
    int call = Sweep.first();
    while (killedAt(operation, operation + "-call" + call, call)) {
      call += step;
    }
    assertThat(call).as("system calls of " + operation).isBetween(FEWEST_CALLS, MOST_CALLS);
  }

  /** Which of the calls are tried today. */
  private static final class Sweep {
    private static final String ASKED =
        System.getProperty("kapsel.sweep", Long.toString(LocalDate.now().toEpochDay()));

    static int step() {
      return ASKED.equals("all") ? 1 : PARTS;
    }

    static int first() {
      return ASKED.equals("all") ? 1 : 1 + (int) (Long.parseLong(ASKED) % PARTS);
    }
  }

  /** False when the operation has no such call: the engine has survived it. */
  private static boolean killedAt(String operation, String name, int call) throws Exception {
    prepare(operation, name);
    kapsel("ps").ok();
    boolean survived = survives(product, CALLS, call, words(operation, name));
    verify(operation, name);
    return !survived;
  }

  /** Whether an engine lives through a command, which it does not if it gets to that call. */
  static boolean survives(Product product, String calls, int call, String... words)
      throws Exception {
    long engine = product.engine();
    Process tracer =
        Command.of(
                "strace",
                "-f",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                "inject=" + calls + ":signal=SIGKILL:when=" + call,
                "-p",
                Long.toString(engine))
            .start();
    // What it does by itself, such as making a sandbox, counts too, and may be where it ends.
    Await.until(
        "strace holds the engine, or has ended it",
        () -> traced(engine) || !HostFiles.alive(engine));
    Process client = product.command(words).start();
    assertThat(client.waitFor(60, TimeUnit.SECONDS)).as("the client ends").isTrue();
    boolean survived = client.exitValue() == 0 && traced(engine);
    tracer.destroyForcibly();
    assertThat(tracer.waitFor(60, TimeUnit.SECONDS)).as("strace ends").isTrue();
    return survived;
  }

  /** Whether each thread of a process is watched by strace. */
  static boolean traced(long engine) {
    Path tasks = Path.of("/proc/" + engine + "/task");
    Set<String> all = HostFiles.names(tasks);
    return !all.isEmpty()
        && all.stream()
            .map(task -> HostFiles.read(tasks.resolve(task).resolve("status")))
            .noneMatch(status -> status.isEmpty() || status.contains("TracerPid:\t0"));
  }

  private static Result kapsel(String... arguments) {
    return product.kapsel(arguments);
  }

  private static void prepare(String operation, String name) {
    switch (operation) {
      case "start", "rm" ->
          kapsel("create", "--name", name, TestRoot.reference(), "/bin/sleep", "100").ok();
      case "stop" ->
          kapsel("run", "-d", "--name", name, TestRoot.reference(), "/bin/sleep", "100").ok();
      default -> {}
    }
  }

  private static String[] words(String operation, String name) {
    return switch (operation) {
      case "create" ->
          new String[] {"create", "--name", name, TestRoot.reference(), "/bin/sleep", "100"};
      case "run" ->
          new String[] {"run", "-d", "--name", name, TestRoot.reference(), "/bin/sleep", "100"};
      case "stop" -> new String[] {"stop", "-t", "0", name};
      default -> new String[] {operation, name};
    };
  }

  private static void verify(String operation, String name) {
    Result list = kapsel("ps", "-a").ok();
    if (operation.equals("start") || operation.equals("stop")) {
      assertThat(list.out()).as(operation + " does not lose the container").contains(name);
    }
    if (list.out().contains(name)) {
      kapsel("rm", "-f", name).ok();
    }
    kapsel("run", "--rm", "--name", name, TestRoot.reference(), "/bin/true").ok();
    assertThat(kapsel("ps", "-aq").ok().out()).isEmpty();
    List<String> left = new ArrayList<>(product.containersOnDisk());
    left.addAll(product.mounts());
    assertThat(left).as("after " + operation + " of " + name).isEmpty();
  }
}
