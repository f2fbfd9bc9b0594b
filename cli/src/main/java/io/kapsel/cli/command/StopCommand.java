package io.kapsel.cli.command;

import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.Values;
import java.time.Duration;
import java.util.Optional;

/** {@code kapsel stop}: asks, waits, kills. */
final class StopCommand implements Command {
  private static final Flag<String> SIGNAL =
      Flag.text('s', "signal", "string", "Signal that asks the process to stop");
  private static final Flag<Integer> TIMEOUT =
      Flag.of("timeout", "int", "Seconds to wait before it is killed, -1: any", Values::seconds)
          .shorthand('t');
  private static final Manual MANUAL =
      new Manual(
          "stop",
          "[OPTIONS] CONTAINER [CONTAINER...]",
          "Stop one or more running containers",
          "",
          FlagSet.of(SIGNAL, TIMEOUT),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<Integer> signal = call.arguments().last(SIGNAL).map(Signals::number);
    Optional<Duration> patience = call.arguments().last(TIMEOUT).map(Duration::ofSeconds);
    return call.forEach(container ->
        call.client()
            .waiting(() -> {
              container.stop(signal, patience);
              return container;
            }));
  }
}
