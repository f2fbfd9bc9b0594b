package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;

/** {@code kapsel kill}: a signal, KILL if nothing else is said. */
public final class KillCommand implements Command {
  private static final Flag<String> SIGNAL =
      Flag.text('s', "signal", "string", "Signal to send (default KILL)");
  private static final Manual MANUAL =
      new Manual(
          "kill",
          "[OPTIONS] CONTAINER [CONTAINER...]",
          "Send a signal to one or more running containers",
          "",
          FlagSet.of(SIGNAL),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    int signal = Signals.number(call.arguments().last(SIGNAL).orElse("KILL"));
    return call.forEach(container -> container.signal(signal));
  }
}
