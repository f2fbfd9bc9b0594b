package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import java.time.Duration;
import java.util.Optional;

/** {@code kapsel restart}: stops and starts. */
public final class RestartCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "restart",
          "[OPTIONS] CONTAINER [CONTAINER...]",
          "Restart one or more containers",
          "",
          FlagSet.of(StopCommand.SIGNAL, StopCommand.TIMEOUT, StopCommand.TIME),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<Integer> signal = call.arguments().last(StopCommand.SIGNAL).map(Signals::number);
    Optional<Duration> patience = StopCommand.patience(call);
    return call.forEach(container ->
        call.client()
            .waiting(() -> {
              container.restart(signal, patience);
              return container;
            }));
  }
}
