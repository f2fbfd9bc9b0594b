package io.kapsel.cli.command.image;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.print.Table;
import io.kapsel.engine.Images;

/** {@code kapsel image du}: how much room images take. */
public final class ImageUsageCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "image du",
          "",
          "Show how much room images take, from figures that are kept",
          "",
          FlagSet.of(),
          Operands.NONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Images.Usage usage = call.engine().images().usage();
    Table table = new Table("IMAGES", "ACTIVE", "PACKED", "UNPACKED", "RECLAIMABLE");
    table.row(
        String.valueOf(usage.images()),
        String.valueOf(usage.active()),
        ByteSize.printDecimal(usage.blobs()),
        ByteSize.printDecimal(usage.layers()),
        ByteSize.printDecimal(usage.reclaimable()));
    call.client().out(table.text());
    return 0;
  }
}
