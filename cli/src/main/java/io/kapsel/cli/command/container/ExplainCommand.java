package io.kapsel.cli.command.container;

import io.kapsel.base.Json;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.OperandException;
import io.kapsel.cli.command.spec.RunFlags;
import io.kapsel.cli.command.spec.SpecReader;
import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.print.PlanText;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.runtime.plan.LaunchPlan;
import java.util.List;

/** {@code kapsel explain run}: the launch plan, with the reason of every step. */
public final class ExplainCommand implements Command {
  private static final Flag<Boolean> JSON =
      Flag.toggle("json", "Print the plan as JSON, for programs");
  private static final Flag<String> BUNDLE =
      Flag.text("bundle", "DIR", "Explain the bundle in that directory instead of a run");
  private static final FlagSet RUN = FlagSet.untilOperand(RunFlags.ofRun());
  private static final Manual MANUAL =
      new Manual(
          "explain",
          "[OPTIONS] [run [RUN OPTIONS] ROOT [COMMAND] [ARG...]]",
          "Show every kernel call that a run would make, and why",
          """
          Nothing is started and nothing is changed. The calls of the engine, the monitor
          and the container's first process are shown in the order in which they happen.
          """,
          FlagSet.untilOperand(List.of(BUNDLE, JSON)),
          Operands.atLeast(0));

  private record Line(
      int number, String segment, String where, String call, String reason, String onFailure) {}

  private record Plan(List<Line> steps, List<String> notices) {}

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    List<String> words = call.operands();
    List<String> bundle = call.arguments().all(BUNDLE);
    if (!bundle.isEmpty()) {
      if (!words.isEmpty()) {
        throw new OperandException("'kapsel explain --bundle' takes no arguments");
      }
      return print(
          call, call.engine().explain(call.request().directory().resolve(bundle.getLast())));
    }
    if (words.size() < 2) {
      throw new OperandException("'kapsel explain' requires at least 2 arguments");
    }
    if (!words.getFirst().equals("run") && !words.getFirst().equals("create")) {
      throw new CommandException(
          1, "cannot explain '" + words.getFirst() + "': only 'run' has a plan");
    }
    Arguments arguments = RUN.parse(words.subList(1, words.size()));
    if (arguments.operands().isEmpty()) {
      throw new OperandException("'kapsel explain run' requires at least 1 argument");
    }
    boolean attached = !arguments.is(RunFlags.DETACH);
    ContainerSpec spec = SpecReader.read(arguments, call.request(), attached);
    return print(call, call.engine().explain(spec));
  }

  private static int print(Call call, LaunchPlan plan) {
    call.client().out(call.arguments().is(JSON) ? json(plan) : PlanText.of(plan));
    return 0;
  }

  private static String json(LaunchPlan plan) {
    List<Line> lines =
        plan.lines().stream()
            .map(it ->
                new Line(
                    it.number(), it.segment(), it.where(), it.call(), it.reason(), it.onFailure()))
            .toList();
    return Json.print(new Plan(lines, plan.notices())) + "\n";
  }
}
