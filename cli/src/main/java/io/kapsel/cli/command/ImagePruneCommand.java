package io.kapsel.cli.command;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.image.Image;
import java.util.ArrayList;
import java.util.List;

/** {@code kapsel image prune}: gives back what images take that nobody needs. */
final class ImagePruneCommand implements Command {
  private static final Flag<Boolean> ALL =
      Flag.toggle('a', "all", "Also images with a name that no container was made from");
  private static final Flag<Boolean> FORCE =
      Flag.toggle('f', "force", "Do not ask; it is never asked");
  private static final Manual MANUAL =
      new Manual(
          "image prune",
          "[OPTIONS]",
          "Remove images without a name that no container was made from",
          "",
          FlagSet.of(ALL, FORCE),
          Operands.NONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    List<Image> removed = new ArrayList<>();
    long freed = call.engine().images().prune(call.arguments().is(ALL), removed);
    removed.forEach(image -> {
      image.names().forEach(name -> call.print("Untagged: " + name.familiar()));
      call.print("Deleted: " + image.id());
    });
    call.print("Total reclaimed space: " + ByteSize.printDecimal(freed));
    return 0;
  }
}
