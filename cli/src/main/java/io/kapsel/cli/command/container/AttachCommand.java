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
import io.kapsel.engine.ContainerStatus.Phase;

/** {@code kapsel attach}: to what a running container reads and writes. */
public final class AttachCommand implements Command {
  private static final Flag<Boolean> NO_STDIN =
      Flag.toggle("no-stdin", "Do not attach standard input");
  private static final Flag<Boolean> SIGNAL_PROXY =
      Flag.toggle("sig-proxy", "Pass signals on to the process (default true)");
  private static final Manual MANUAL =
      new Manual(
          "attach",
          "[OPTIONS] CONTAINER",
          "Attach your standard streams to a running container",
          "A container with a terminal is left by ctrl-p ctrl-q; it goes on.",
          FlagSet.of(NO_STDIN, SIGNAL_PROXY, DetachKeys.FLAG),
          Operands.ONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Engine.Container container = call.engine().container(call.operands().getFirst());
    if (container.status().phase() != Phase.RUNNING) {
      throw new CommandException(1, "you cannot attach to a stopped container, start it first");
    }
    boolean terminal = container.spec().stdio().terminal();
    boolean stdin = container.spec().stdio().openStdin() && !call.arguments().is(NO_STDIN);
    Foreground.checkTerminal(call, terminal, stdin);
    boolean signals = call.arguments().last(SIGNAL_PROXY).orElse(true);
    return new Foreground(call, terminal, Streams.output(stdin), signals).join(container).code();
  }
}
