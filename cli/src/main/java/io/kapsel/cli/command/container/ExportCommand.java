package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.ClientOutput;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;

/** {@code kapsel export}: the root file system of a container as an archive. */
public final class ExportCommand implements Command {
  private static final Flag<Boolean> WHOLE =
      Flag.toggle("whole", "Write all of it, for 'kapsel import --whole' here or elsewhere");
  private static final Manual MANUAL =
      new Manual(
          "export",
          "[OPTIONS] CONTAINER",
          "Write the root file system of a container into an archive",
          """
          What is mounted in it is left out. With --whole the archive has what was said
          about the container, too, and its snapshots, and needs no image where it is read.
          """,
          FlagSet.of(ClientOutput.OUTPUT, WHOLE),
          Operands.ONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Engine.Container container = call.engine().container(call.operands().getFirst());
    ClientOutput.write(
        call, call.arguments().is(WHOLE) ? container::exportWhole : container::export);
    return 0;
  }
}
