package io.kapsel.cli.command;

import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;

/** {@code kapsel export}: the root file system of a container as an archive. */
final class ExportCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "export",
          "[OPTIONS] CONTAINER",
          "Write the root file system of a container into an archive",
          "What is mounted in it is left out.\n",
          FlagSet.of(SaveCommand.OUTPUT),
          Operands.ONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Engine.Container container = call.engine().container(call.operands().getFirst());
    SaveCommand.write(call, container::export);
    return 0;
  }
}
