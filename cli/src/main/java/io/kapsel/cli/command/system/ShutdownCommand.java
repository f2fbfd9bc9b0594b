package io.kapsel.cli.command.system;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.Values;
import io.kapsel.engine.EngineException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** {@code kapsel system shutdown}: what a machine that goes down asks for. */
public final class ShutdownCommand implements Command {
  private static final Flag<Integer> TIMEOUT =
      Flag.of(
              "timeout",
              "int",
              "Seconds to wait for each before it is killed, -1: any (default: its own)",
              Values::seconds)
          .shorthand('t');
  private static final Manual MANUAL =
      new Manual(
          "system shutdown",
          "[OPTIONS]",
          "Stop all containers and the engine, as before the machine goes down",
          """
          In the opposite order of their starts (--start-order). What --restart wants
          to run is started again by the next engine, which the next command starts.
          """,
          FlagSet.of(TIMEOUT),
          Operands.NONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<Duration> patience = call.arguments().last(TIMEOUT).map(Duration::ofSeconds);
    List<EngineException> failures = call.client().waiting(() -> call.engine().shutDown(patience));
    failures.forEach(each -> call.complain(String.valueOf(each.getMessage())));
    return failures.isEmpty() ? 0 : 1;
  }
}
