package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.DetachKeys;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Foreground;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Streams;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;

/** {@code kapsel start}: containers that were made, or that have ended. */
public final class StartCommand implements Command {
  private static final Flag<Boolean> ATTACH =
      Flag.toggle('a', "attach", "Stay with the container: its output and its exit code");
  private static final Flag<Boolean> INTERACTIVE =
      Flag.toggle('i', "interactive", "Give it your standard input as well");
  private static final Flag<Boolean> SIGNAL_PROXY =
      Flag.toggle("sig-proxy", "Pass signals on to the process (default true)");
  private static final Manual MANUAL =
      new Manual(
          "start",
          "[OPTIONS] CONTAINER [CONTAINER...]",
          "Start one or more containers",
          "",
          FlagSet.of(ATTACH, INTERACTIVE, SIGNAL_PROXY, DetachKeys.FLAG),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    boolean stdin = call.arguments().is(INTERACTIVE);
    if (call.arguments().is(ATTACH) || stdin) {
      return attached(call, stdin);
    }
    return call.forEach(Engine.Container::start);
  }

  private static int attached(Call call, boolean stdin) {
    if (call.operands().size() > 1) {
      throw new CommandException(1, "you cannot start and attach multiple containers at once");
    }
    Engine.Container container = call.engine().container(call.operands().getFirst());
    boolean terminal = container.spec().stdio().terminal();
    boolean input = stdin && container.spec().stdio().openStdin();
    Foreground.checkTerminal(call, terminal, input);
    boolean signals = call.arguments().last(SIGNAL_PROXY).orElse(true);
    return new Foreground(call, terminal, Streams.output(input), signals).start(container).code();
  }
}
