package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.Values;
import java.time.Duration;
import java.util.Optional;

/** {@code kapsel stop}: asks, waits, kills. */
public final class StopCommand implements Command {
  static final Flag<String> SIGNAL =
      Flag.text('s', "signal", "string", "Signal that asks the process to stop");
  static final Flag<Integer> TIMEOUT =
      Flag.of("timeout", "int", "Seconds to wait before it is killed, -1: any", Values::seconds)
          .shorthand('t');
  static final Flag<Integer> TIME =
      Flag.of("time", "int", "The same as --timeout, as it was called before", Values::seconds);
  private static final Manual MANUAL =
      new Manual(
          "stop",
          "[OPTIONS] CONTAINER [CONTAINER...]",
          "Stop one or more running containers",
          "With --all or --filter in the opposite order of their starts (--start-order).",
          FlagSet.of(SIGNAL, TIMEOUT, TIME, Selection.ALL, Selection.FILTER),
          Operands.atLeast(0));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<Integer> signal = call.arguments().last(SIGNAL).map(Signals::number);
    Optional<Duration> patience = patience(call);
    return call.forEach(
        new Selection(call).toStop("stop"),
        container ->
            call.client()
                .waiting(() -> {
                  container.stop(signal, patience);
                  return container;
                }));
  }

  /** How long it may take, where that was said. */
  static Optional<Duration> patience(Call call) {
    return call.arguments()
        .last(TIMEOUT)
        .or(() -> call.arguments().last(TIME))
        .map(Duration::ofSeconds);
  }
}
