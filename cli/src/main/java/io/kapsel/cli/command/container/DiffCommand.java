package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;

/** {@code kapsel diff}: what a container has changed of its files. */
public final class DiffCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "diff",
          "CONTAINER",
          "Show what a container has added (A), changed (C) and deleted (D)",
          "What is mounted in it, such as volumes, is left out.\n",
          FlagSet.of(),
          Operands.ONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    call.engine()
        .container(call.operands().getFirst())
        .files()
        .changes((path, kind) -> call.print(kind.letter() + " " + path));
    return 0;
  }
}
