package io.kapsel.cli.print;

import io.kapsel.runtime.plan.LaunchPlan;
import java.util.ArrayList;
import java.util.List;

/** A launch plan for people: number, who does it, the call, and why. */
public final class PlanText {
  private static final int CALL_COLUMNS = 68;
  private static final int LONGEST_CALL = 160;

  private PlanText() {}

  /** One line for each step, a heading for each part, and what will not be as asked for. */
  public static String of(LaunchPlan plan) {
    List<String> lines = new ArrayList<>();
    String segment = "";
    for (LaunchPlan.Line line : plan.lines()) {
      if (!line.segment().equals(segment)) {
        segment = line.segment();
        lines.add((lines.isEmpty() ? "" : "\n") + heading(segment));
      }
      lines.add(line(line));
    }
    for (String notice : plan.notices()) {
      lines.add("\nnotice: " + notice);
    }
    return String.join("\n", lines) + "\n";
  }

  private static String heading(String segment) {
    return switch (segment) {
      case "sandbox" -> "sandbox: what every container needs; may be made ahead of time";
      case "container" -> "container: its root file system, its rights, its program";
      default -> segment + ":";
    };
  }

  private static String line(LaunchPlan.Line line) {
    String head = "%4d  %-8s ".formatted(line.number(), line.where());
    String call = shorten(line.call());
    StringBuilder text = new StringBuilder(head).append(call);
    if (call.length() > CALL_COLUMNS) {
      text.append('\n').repeat(' ', head.length() + CALL_COLUMNS);
    } else {
      text.repeat(' ', CALL_COLUMNS - call.length());
    }
    text.append("  ").append(line.reason());
    if (!line.onFailure().equals("abort")) {
      text.append(" [").append(line.onFailure()).append(']');
    }
    return text.toString().stripTrailing();
  }

  private static String shorten(String call) {
    return call.length() <= LONGEST_CALL ? call : call.substring(0, LONGEST_CALL - 1) + "…";
  }
}
