package io.kapsel.cli.command.system;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.linux.host.HostFinding;
import io.kapsel.linux.host.HostFinding.State;
import java.util.List;

/** {@code kapsel doctor}: what this host offers and lacks. */
public final class DoctorCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "doctor",
          "",
          "Show what this host offers to containers and what it lacks",
          "Exits with 1 when something is missing without which containers do not run.",
          FlagSet.of(),
          Operands.NONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    List<HostFinding> findings = call.engine().diagnose();
    call.client().out(text(findings));
    return isFit(findings) ? 0 : 1;
  }

  private static boolean isFit(List<HostFinding> findings) {
    return findings.stream().noneMatch(it -> it.state() == State.MISSING);
  }

  private static String text(List<HostFinding> findings) {
    int names = findings.stream().mapToInt(it -> it.name().length()).max().orElse(0) + 2;
    StringBuilder text = new StringBuilder();
    for (HostFinding it : findings) {
      text.append(mark(it.state())).append(' ').append(it.name());
      text.repeat(' ', names - it.name().length()).append(it.meaning()).append('\n');
      if (!it.mend().isEmpty()) {
        text.repeat(' ', names + 2).append("mend: ").append(it.mend()).append('\n');
      }
    }
    return text.append('\n').append(verdict(findings)).append('\n').toString();
  }

  private static String mark(State state) {
    return switch (state) {
      case OK -> "✔";
      case LIMITED -> "•";
      case MISSING -> "✘";
    };
  }

  private static String verdict(List<HostFinding> findings) {
    if (!isFit(findings)) {
      return "Containers do not run here as promised: see the lines with ✘.";
    }
    long limited = findings.stream().filter(it -> it.state() == State.LIMITED).count();
    return limited == 0
        ? "Containers run here, with everything."
        : "Containers run here; see the lines with • for what is limited.";
  }
}
