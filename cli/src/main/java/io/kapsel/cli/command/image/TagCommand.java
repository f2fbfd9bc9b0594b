package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;

/** {@code kapsel tag}: one more name for an image. */
public final class TagCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "tag",
          "IMAGE NAME[:TAG]",
          "Give an image one more name",
          "",
          FlagSet.of(),
          new Operands(2, 2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    call.engine()
        .images()
        .tag(call.operands().getFirst(), ImageSource.reference(call.operands().getLast()));
    return 0;
  }
}
