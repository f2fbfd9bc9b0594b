package io.kapsel.cli.command.guest;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.DetachKeys;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Foreground;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Streams;
import io.kapsel.cli.command.TerminalOf;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.Values;
import io.kapsel.engine.ContainerStatus.Phase;

/** {@code kapsel console}: the console of a system container. */
public final class ConsoleCommand implements Command {
  private static final Flag<Integer> TTY =
      Flag.of(
          "tty",
          "number",
          "Another terminal of it, /dev/ttyNUMBER (0: the console)",
          Values::natural);
  private static final Manual MANUAL =
      new Manual(
          "console",
          "[OPTIONS] CONTAINER",
          "Attach to the console of a system container",
          """
          What was printed before is in 'kapsel logs'. Leave it with ctrl-p ctrl-q;
          the system goes on. What was printed on another terminal waits there.
          """,
          FlagSet.of(TTY, DetachKeys.FLAG),
          Operands.ONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Engine.Container container = call.engine().container(call.operands().getFirst());
    if (!container.spec().isSystem()) {
      throw new CommandException(
          1,
          "cannot show the console of '%s': it is no system container; use 'kapsel attach'"
              .formatted(container.name()));
    }
    if (container.status().phase() != Phase.RUNNING) {
      throw new CommandException(
          1, "cannot show the console of '%s': it is not running".formatted(container.name()));
    }
    boolean terminal = call.request().terminals().stdin();
    int number = call.arguments().last(TTY).orElse(0);
    return new Foreground(call, terminal, Streams.output(true), false)
        .join(new TerminalOf(container, number, false, _ -> {}))
        .code();
  }
}
