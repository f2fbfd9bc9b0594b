package io.kapsel.runtime.plan;

import io.kapsel.linux.Syscall;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** A segment as a planner with a fault would have written it. */
public final class Mutation {
  private Mutation() {}

  /** Without the steps that match: each is replaced by one that does nothing. */
  public static Segment without(Segment segment, Predicate<Step> which) {
    return new Segment(
        segment.name(),
        segment.inputs(),
        without(segment.monitor(), which),
        without(segment.init(), which),
        segment.last());
  }

  /** With other steps in the place of those that match. */
  public static Segment replacing(
      Segment segment, Predicate<Step> which, UnaryOperator<Step> other) {
    return new Segment(
        segment.name(),
        segment.inputs(),
        segment.monitor(),
        segment.init().stream().map(step -> which.test(step) ? other.apply(step) : step).toList(),
        segment.last());
  }

  /** The same step with other arguments. */
  public static Step with(Step step, Value... arguments) {
    Step copy = new Step(step.op, step.call, arguments);
    copy.result = step.result;
    copy.tolerated = step.tolerated;
    copy.noticed = step.noticed;
    copy.guarded = step.guarded;
    copy.skipAfterSuccess = step.skipAfterSuccess;
    copy.skipAfterError = step.skipAfterError;
    return copy.because(step.reason());
  }

  /** Where the first step of the init half is that matches; -1 where none does. */
  public static int find(Segment segment, Predicate<Step> which) {
    List<Step> init = segment.init();
    for (int i = 0; i < init.size(); i++) {
      if (which.test(init.get(i))) {
        return i;
      }
    }
    return -1;
  }

  private static List<Step> without(List<Step> steps, Predicate<Step> which) {
    return steps.stream().map(step -> which.test(step) ? nothing() : step).toList();
  }

  private static Step nothing() {
    return new Steps().call(Syscall.GETPID).because("a rule is left out");
  }

  /** With one more step of the init half before the one with that index. */
  public static Segment with(Segment segment, int index, Step more) {
    List<Step> init = new ArrayList<>();
    for (int i = 0; i < segment.init().size(); i++) {
      if (i == index) {
        init.add(more);
      }
      init.add(jumping(segment.init().get(i), i, index));
    }
    return new Segment(segment.name(), segment.inputs(), segment.monitor(), init, segment.last());
  }

  /** Leads to where it led, although there is one more step before that. */
  private static Step jumping(Step step, int at, int inserted) {
    Step copy = with(step, step.arguments.toArray(Value[]::new));
    copy.skipAfterSuccess = skip(step.skipAfterSuccess, at, inserted);
    copy.skipAfterError = skip(step.skipAfterError, at, inserted);
    return copy;
  }

  private static int skip(int count, int at, int inserted) {
    return count > 0 && at < inserted && inserted <= at + count ? count + 1 : count;
  }
}
