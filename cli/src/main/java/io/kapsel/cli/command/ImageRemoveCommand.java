package io.kapsel.cli.command;

import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.image.ImageException;

/** {@code kapsel rmi}: takes names of images away, and images that have none left. */
final class ImageRemoveCommand implements Command {
  private static final Flag<Boolean> FORCE =
      Flag.toggle('f', "force", "Also one that stopped containers were made from");
  private static final Flag<Boolean> NO_PRUNE =
      Flag.toggle("no-prune", "Keep parents without a name; images here have none");
  private final Manual manual;

  ImageRemoveCommand(String name) {
    manual =
        new Manual(
            name,
            "[OPTIONS] IMAGE [IMAGE...]",
            "Remove one or more images",
            "",
            FlagSet.of(FORCE, NO_PRUNE),
            Operands.SOME);
  }

  @Override
  public Manual manual() {
    return manual;
  }

  @Override
  public int run(Call call) {
    int exitCode = 0;
    for (String each : call.operands()) {
      try {
        call.engine().images().remove(each, call.arguments().is(FORCE)).forEach(call::print);
      } catch (ImageException e) {
        call.complain(String.valueOf(e.getMessage()));
        boolean forgiven = call.arguments().is(FORCE) && e instanceof ImageException.NotFound;
        exitCode = forgiven ? exitCode : 1;
      }
    }
    call.engine().images().collect();
    return exitCode;
  }
}
