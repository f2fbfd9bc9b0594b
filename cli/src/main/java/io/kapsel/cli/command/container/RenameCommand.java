package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;

/** {@code kapsel rename}: gives a container another name. */
public final class RenameCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "rename",
          "CONTAINER NEW_NAME",
          "Rename a container",
          "",
          FlagSet.of(),
          new Operands(2, 2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    call.engine().rename(call.operands().getFirst(), call.operands().getLast());
    return 0;
  }
}
