package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.EngineException;

/** {@code kapsel wait}: until containers end, then their exit codes. */
public final class WaitCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "wait",
          "CONTAINER [CONTAINER...]",
          "Wait for one or more containers to end, and print their exit codes",
          "",
          FlagSet.of(),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    int exitCode = 0;
    for (String reference : call.operands()) {
      try {
        Engine.Container container = call.engine().container(reference);
        boolean ran = container.status().phase() != ContainerStatus.Phase.CREATED;
        call.print(ran ? Integer.toString(call.client().waiting(container::await).code()) : "0");
      } catch (EngineException e) {
        call.complain(String.valueOf(e.getMessage()));
        exitCode = 1;
      }
    }
    return exitCode;
  }
}
