package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.image.ImageSource;
import io.kapsel.cli.command.spec.IdFile;
import io.kapsel.cli.command.spec.RunFlags;
import io.kapsel.cli.command.spec.SpecReader;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.spec.ContainerSpec;
import java.util.function.Supplier;

/** {@code kapsel create}: a container that waits for its start. */
public final class CreateCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "create",
          "[OPTIONS] ROOT [COMMAND] [ARG...]",
          "Create a container without starting it",
          RunCommand.ROOTS,
          FlagSet.untilOperand(RunFlags.ofCreate()),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    ContainerSpec spec = SpecReader.read(call.arguments(), call.request(), true);
    call.print(create(call, spec, () -> call.engine().create(spec)).id());
    return 0;
  }

  /** Creates a container, from an image that is fetched if it must be, and notes its id. */
  public static Engine.Container create(
      Call call, ContainerSpec spec, Supplier<Engine.Container> engine) {
    ImageSource.ensure(call, spec);
    try (IdFile file = IdFile.reserve(call)) {
      Engine.Container container = engine.get();
      file.write(container.id());
      return container;
    }
  }
}
