package io.kapsel.cli.command.guest;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.Cloning;
import java.util.Optional;

/** {@code kapsel clone}: a container like another. */
public final class CloneCommand implements Command {
  private static final Flag<Boolean> EPHEMERAL =
      Flag.toggle("ephemeral", "Remove the copy and all its changes when it stops");
  private static final Manual MANUAL =
      new Manual(
          "clone",
          "[OPTIONS] CONTAINER[/SNAPSHOT] [NAME]",
          "Make a container like another",
          """
          Prints the new container's name. It is not started. It shares what the other
          one has written until now, and writes into a layer of its own. A whole system
          gets a host name, a machine-id and keys of its SSH server of its own.
          """,
          FlagSet.of(EPHEMERAL),
          new Operands(1, 2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    String source = call.operands().getFirst();
    int slash = source.indexOf('/', 1);
    Cloning.Request request =
        new Cloning.Request(
            slash < 0 ? Optional.empty() : Optional.of(source.substring(slash + 1)),
            call.operands().size() < 2 ? Optional.empty() : Optional.of(call.operands().getLast()),
            call.arguments().is(EPHEMERAL));
    Engine.Container copy =
        call.engine().copy(slash < 0 ? source : source.substring(0, slash), request);
    call.print(copy.name());
    return 0;
  }
}
