package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.Images;
import io.kapsel.image.ImageException;
import io.kapsel.oci.image.Platform;
import java.util.Optional;

/** {@code kapsel rmi}: takes names of images away, and images that have none left. */
public final class ImageRemoveCommand implements Command {
  private static final Flag<Boolean> FORCE =
      Flag.toggle('f', "force", "Also one that stopped containers were made from");
  private static final Flag<Boolean> NO_PRUNE =
      Flag.toggle("no-prune", "Keep parents without a name; images here have none");
  private final Manual manual;

  public ImageRemoveCommand(String name) {
    manual =
        new Manual(
            name,
            "[OPTIONS] IMAGE [IMAGE...]",
            "Remove one or more images",
            "",
            FlagSet.of(FORCE, NO_PRUNE, ImageSource.PLATFORM),
            Operands.SOME);
  }

  @Override
  public Manual manual() {
    return manual;
  }

  @Override
  public int run(Call call) {
    boolean force = call.arguments().is(FORCE);
    int exitCode = 0;
    Optional<Platform> platform = call.arguments().last(ImageSource.PLATFORM);
    for (Images.Removal each : call.engine().images().remove(call.operands(), platform, force)) {
      each.done().forEach(call::print);
      if (each.failure().isPresent()) {
        ImageException failure = each.failure().get();
        call.complain(String.valueOf(failure.getMessage()));
        exitCode = force && failure instanceof ImageException.NotFound ? exitCode : 1;
      }
    }
    call.engine().images().collect();
    return exitCode;
  }
}
