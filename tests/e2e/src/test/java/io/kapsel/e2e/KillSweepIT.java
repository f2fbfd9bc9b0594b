package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The engine is killed at many moments of each operation; afterwards a new engine finds the
 * container as it was before or as it should be after, can remove it, and finds nothing else (row
 * F1).
 */
class KillSweepIT {
  private static final int MOMENTS = 10;
  private static final long STEP_NANOS = 1_500_000;

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
        () -> "no empty cgroup stays: " + emptyCgroups(),
        () -> emptyCgroups().isEmpty());
  }

  private static List<String> emptyCgroups() {
    Set<String> now = new TreeSet<>(Product.cgroups());
    now.removeAll(cgroupsBefore);
    return now.stream().filter(path -> HostFiles.read(path + "/cgroup.procs").isEmpty()).toList();
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
    List<String> left = new ArrayList<>(HostFiles.names(product.state().resolve("containers")));
    left.addAll(product.mounts());
    assertThat(left).as("after " + operation + " of " + name).isEmpty();
  }
}
