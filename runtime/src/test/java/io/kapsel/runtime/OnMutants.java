package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Syscall;
import io.kapsel.runtime.plan.LaunchPlan;
import io.kapsel.runtime.plan.Mutation;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Attacks on the real kernel, each against the plan as it is, and against the one that a planner
 * with a fault would have made.
 */
abstract class OnMutants extends OnWrittenBundles {
  private static DevicePrograms programs;
  private static Zygote zygote;

  @BeforeAll
  static void startLauncher() {
    programs = new DevicePrograms();
    zygote = Zygote.start(programs, true);
  }

  @AfterAll
  static void endLauncher() {
    zygote.close();
    programs.close();
  }

  /** What the program printed, or why it was not started. */
  String outcome(Bundle bundle, UnaryOperator<Segment> change) throws Exception {
    for (String name : List.of("log", "control.sock", "exit")) {
      Files.deleteIfExists(directory.resolve(name));
    }
    try {
      launch(bundle, LaunchPlanner.plan(bundle, runtime.facts()), change);
      return log();
    } catch (LaunchException e) {
      return "refused: " + e.getMessage();
    } finally {
      runtime.remove(bundle);
    }
  }

  private void launch(Bundle bundle, LaunchPlan plan, UnaryOperator<Segment> change) {
    new Cgroups(runtime.facts().cgroups()).prepare(bundle.asWritten().orElseThrow().cgroup());
    Control control = zygote.spawn();
    try {
      Launch launch = new Launch(control, programs);
      List<Segment> segments = plan.segments();
      for (Segment segment : segments.subList(0, segments.size() - 1)) {
        launch.send(change.apply(segment));
        launch.awaitDone();
      }
      launch.send(change.apply(segments.getLast()));
      try (ContainerProcess process = launch.awaitStarted(Optional.of(directory.resolve("exit")))) {
        process.await();
      }
    } finally {
      control.close();
    }
  }

  static Predicate<Step> call(String pattern) {
    Pattern call = Pattern.compile(pattern);
    return step -> call.matcher(step.shown()).lookingAt();
  }

  static Predicate<Step> because(String reason) {
    return step -> step.reason().contains(reason);
  }

  /** The attack fails under the plan, and works under the one without the steps of the rule. */
  void rule(Supplier<Bundle> attack, Predicate<Step> steps, Predicate<String> harmless)
      throws Exception {
    rule(attack, UnaryOperator.identity(), segment -> Mutation.without(segment, steps), harmless);
  }

  /**
   * The same where a fault of the planner does more than to leave out a step.
   *
   * @param attacker what happens during the launch in both cases
   */
  void rule(
      Supplier<Bundle> attack,
      UnaryOperator<Segment> attacker,
      UnaryOperator<Segment> fault,
      Predicate<String> harmless)
      throws Exception {
    assertThat(outcome(attack.get(), attacker)).matches(harmless, "harmless");
    assertThat(outcome(attack.get(), segment -> fault.apply(attacker.apply(segment))))
        .as("with the rule left out")
        .doesNotStartWith("refused: ")
        .matches(harmless.negate(), "harmful");
  }

  static Predicate<String> has(String text) {
    return out -> out.contains(text);
  }

  static Predicate<String> says(String pattern) {
    return Pattern.compile(pattern).asPredicate();
  }

  /** Somebody exchanges two names in a directory, if they are there. */
  static Step exchange(Value directory, String one, String other) {
    return new Steps()
        .call(
            Syscall.RENAMEAT2,
            directory,
            Value.text(one),
            directory,
            Value.text(other),
            Value.named("RENAME_EXCHANGE", 2))
        .because("an attacker acts")
        .toleratingAll();
  }

  static Bundle toFile(WrittenBundles bundle, String script) {
    return bundle.running("(" + script + ") > /out");
  }

  /** What a program prints that joins a container by such a plan, and writes to that file. */
  String joined(ContainerProcess container, Bundle bundle, Bundle like, Predicate<Step> leftOut)
      throws Exception {
    Path out = directory.resolve("rootfs/out");
    Files.deleteIfExists(out);
    io.kapsel.oci.Process process = like.spec().process().orElseThrow();
    Segment segment =
        new ExecPlanner(
                container.pid(), bundle, process, bundle.stdio(), runtime.facts(), List.of())
            .plan();
    Control control = zygote.spawn();
    try {
      Launch launch = new Launch(control, programs).entering(container.handle());
      launch.send(Mutation.without(segment, leftOut));
      try (ContainerProcess joined = launch.awaitStarted(Optional.empty())) {
        joined.await();
      }
    } finally {
      control.close();
    }
    return Files.readString(out);
  }
}
