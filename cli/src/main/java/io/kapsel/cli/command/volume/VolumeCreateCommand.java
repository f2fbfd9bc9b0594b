package io.kapsel.cli.command.volume;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.spec.SpecReader;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import java.util.Optional;

/** {@code kapsel volume create}: a directory that is kept. */
public final class VolumeCreateCommand implements Command {
  private static final Flag<String> DRIVER = Flag.text('d', "driver", "string", "Driver: local");
  private static final Flag<String> OPTION =
      Flag.text(
          'o',
          "opt",
          "map",
          "What is mounted there, as mount(8) says it: type=, device=, o=;\nor size= alone: a volume of that size on disk");
  private static final Flag<String> LABEL = Flag.text("label", "list", "Set a label: KEY[=value]");
  private static final Flag<String> NAME =
      Flag.text("name", "string", "The same as the operand, as it was called before");
  private static final Manual MANUAL =
      new Manual(
          "volume create",
          "[OPTIONS] [VOLUME]",
          "Create a volume",
          "",
          FlagSet.of(DRIVER, OPTION, LABEL, NAME),
          new Operands(0, 1));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<String> driver = call.arguments().last(DRIVER).filter(it -> !it.equals("local"));
    if (driver.isPresent()) {
      throw new CommandException(1, "there is no volume driver '" + driver.get() + "'; use local");
    }
    if (!call.operands().isEmpty() && call.arguments().has(NAME)) {
      throw new CommandException(
          1, "conflicting options: either specify --name or provide positional arg, not both");
    }
    Optional<String> name =
        call.operands().stream().findFirst().or(() -> call.arguments().last(NAME));
    call.print(
        call.engine()
            .volumes()
            .create(
                name,
                SpecReader.pairs(call.arguments().all(OPTION)),
                SpecReader.pairs(call.arguments().all(LABEL)))
            .name());
    return 0;
  }
}
