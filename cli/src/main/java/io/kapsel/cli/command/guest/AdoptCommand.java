package io.kapsel.cli.command.guest;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.lxc.Adoption;
import io.kapsel.lxc.LxcException;
import java.nio.file.Path;
import java.util.Optional;

/** {@code kapsel adopt}: takes over a container of another system where it is. */
public final class AdoptCommand implements Command {
  private static final Flag<Boolean> DRY =
      Flag.toggle("dry-run", "Say what would be left out, and make nothing");
  private static final Manual MANUAL =
      new Manual(
          "adopt",
          "[OPTIONS] PATH [NAME]",
          "Take over a container of LXC, Incus or OpenVZ where it is",
          """
          PATH is the directory of a container of LXC or its config, the directory of one of
          Incus or its backup.yaml, or the VEID.conf of one of OpenVZ. Its files stay where
          they are and are not written to. Each line of its configuration that cannot be
          taken over is named. Prints the new container's name. It is not started.
          """,
          FlagSet.of(DRY),
          new Operands(1, 2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Path path = call.request().directory().resolve(call.operands().getFirst()).normalize();
    Optional<String> name =
        call.operands().size() < 2 ? Optional.empty() : Optional.of(call.operands().getLast());
    try {
      Adoption adoption = Adoption.read(path, name, network -> call.engine().hasNetwork(network));
      adoption.leftOut().forEach(line -> call.client().err("kapsel: left out: " + line + "\n"));
      if (!call.arguments().is(DRY)) {
        call.print(call.engine().create(adoption.spec()).name());
      }
      return 0;
    } catch (LxcException e) {
      throw new CommandException(1, String.valueOf(e.getMessage()));
    }
  }
}
