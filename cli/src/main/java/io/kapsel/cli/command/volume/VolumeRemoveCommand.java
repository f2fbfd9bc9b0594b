package io.kapsel.cli.command.volume;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.EngineException;

/** {@code kapsel volume rm}: volumes that nobody uses. */
public final class VolumeRemoveCommand implements Command {
  private static final Flag<Boolean> FORCE =
      Flag.toggle('f', "force", "Do not mind what is not there");
  private static final Manual MANUAL =
      new Manual(
          "volume rm",
          "[OPTIONS] VOLUME [VOLUME...]",
          "Remove one or more volumes",
          "",
          FlagSet.of(FORCE),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    int exitCode = 0;
    for (String name : call.operands()) {
      try {
        call.engine().volumes().remove(name);
        call.print(name);
      } catch (EngineException.NotFound e) {
        if (call.arguments().is(FORCE)) {
          call.print(name);
        } else {
          call.complain(String.valueOf(e.getMessage()));
          exitCode = 1;
        }
      } catch (EngineException e) {
        call.complain(String.valueOf(e.getMessage()));
        exitCode = 1;
      }
    }
    return exitCode;
  }
}
