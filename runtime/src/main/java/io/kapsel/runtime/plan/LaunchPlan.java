package io.kapsel.runtime.plan;

import java.util.ArrayList;
import java.util.List;

/**
 * Everything that happens to make a container.
 *
 * @param before what is done ahead of the rest because somebody else has to act after it: a unit of
 *     systemd takes the init half in, or a user namespace is given its ids
 * @param notices what the user asked for and does not get as asked
 */
public record LaunchPlan(
    List<Segment> before, Segment sandbox, Segment container, List<String> notices) {
  /** The name of the segment after which the init half is there, and in no control group yet. */
  public static final String BIRTH = "birth";

  /** Copies the lists. */
  public LaunchPlan {
    before = List.copyOf(before);
    notices = List.copyOf(notices);
  }

  /** One in which nobody else has to act. */
  public LaunchPlan(Segment sandbox, Segment container, List<String> notices) {
    this(List.of(), sandbox, container, notices);
  }

  /** All of it in order. */
  public List<Segment> segments() {
    List<Segment> all = new ArrayList<>(before);
    all.add(sandbox);
    all.add(container);
    return all;
  }

  /** One line of the explanation. */
  public record Line(
      int number, String segment, String where, String call, String reason, String onFailure) {}

  /** All of it in the order in which it happens. */
  public List<Line> lines() {
    return lines(segments());
  }

  /** The same of segments that are no whole plan. */
  public static List<Line> lines(List<Segment> segments) {
    List<Line> lines = new ArrayList<>();
    for (Segment segment : segments) {
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
