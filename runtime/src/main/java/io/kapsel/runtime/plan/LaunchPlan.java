package io.kapsel.runtime.plan;

import java.util.ArrayList;
import java.util.List;

/**
 * Everything that happens to make a container.
 *
 * @param notices what the user asked for and does not get as asked
 */
public record LaunchPlan(Segment sandbox, Segment container, List<String> notices) {
  /** Copies the list. */
  public LaunchPlan {
    notices = List.copyOf(notices);
  }

  /** One line of the explanation. */
  public record Line(
      int number, String segment, String where, String call, String reason, String onFailure) {}

  /** All of it in the order in which it happens. */
  public List<Line> lines() {
    List<Line> lines = new ArrayList<>();
    for (Segment segment : List.of(sandbox, container)) {
      for (Input input : segment.inputs()) {
        add(lines, segment, "engine", input.shown(), input.reason(), "abort");
      }
      for (Step step : segment.monitor()) {
        add(lines, segment, "monitor", step.shown(), step.reason(), step.onFailure());
      }
      for (Step step : segment.init()) {
        add(lines, segment, "init", step.shown(), step.reason(), step.onFailure());
      }
    }
    return lines;
  }

  private static void add(
      List<Line> lines, Segment segment, String where, String call, String why, String failure) {
    lines.add(new Line(lines.size() + 1, segment.name(), where, call, why, failure));
  }
}
