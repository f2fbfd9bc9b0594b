package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.EngineException;

/** {@code kapsel rm}: containers and all that they have written. */
public final class RemoveCommand implements Command {
  private static final Flag<Boolean> FORCE =
      Flag.toggle('f', "force", "Kill what runs, and do not mind what is not there");
  private static final Flag<Boolean> VOLUMES =
      Flag.toggle('v', "volumes", "Remove the volumes as well that were made for it alone");
  private static final Manual MANUAL =
      new Manual(
          "rm",
          "[OPTIONS] CONTAINER [CONTAINER...]",
          "Remove one or more containers",
          "",
          FlagSet.of(FORCE, VOLUMES),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    boolean force = call.arguments().is(FORCE);
    int exitCode = 0;
    for (String reference : call.operands()) {
      try {
        call.engine().container(reference).remove(force, call.arguments().is(VOLUMES));
        call.print(reference);
      } catch (EngineException e) {
        call.complain(String.valueOf(e.getMessage()));
        exitCode = force && e instanceof EngineException.NotFound ? exitCode : 1;
      }
    }
    return exitCode;
  }
}
