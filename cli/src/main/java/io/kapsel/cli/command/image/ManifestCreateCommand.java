package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import java.util.List;

/** {@code kapsel manifest create}: one name for images that are for several platforms. */
final class ManifestCreateCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "manifest create",
          "NAME[:TAG] IMAGE [IMAGE...]",
          "Make an index of images for several platforms",
          """
          The images must be here: kapsel pull --platform brings those of other platforms.
          kapsel push NAME pushes the index with all of them.
          """,
          FlagSet.of(),
          Operands.atLeast(2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    List<String> words = call.operands();
    call.print(
        call.engine()
            .images()
            .index(ImageSource.reference(words.getFirst()), words.subList(1, words.size()))
            .toString());
    return 0;
  }
}
