package io.kapsel.cli.command;

import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;

/** {@code kapsel port}: which ports of a container are published. */
final class PortCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "port",
          "CONTAINER [PRIVATE_PORT[/PROTO]]",
          "List port mappings or a specific mapping for the container",
          "There is no network to publish ports to yet, so the list is empty.\n",
          FlagSet.of(),
          new Operands(1, 2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Engine.Container container = call.engine().container(call.operands().getFirst());
    if (call.operands().size() < 2) {
      return 0;
    }
    String port = call.operands().getLast();
    if (!port.matches("\\d{1,5}(/(tcp|udp|sctp))?")) {
      throw new CommandException(1, "invalid port '" + port + "'");
    }
    String whole = port.contains("/") ? port : port + "/tcp";
    throw new CommandException(
        1, "no public port '" + whole + "' published for " + container.name());
  }
}
