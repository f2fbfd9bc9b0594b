package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.network.Joined;
import io.kapsel.network.Port;
import java.util.List;

/** {@code kapsel port}: which ports of a container are published. */
public final class PortCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "port",
          "CONTAINER [PRIVATE_PORT[/PROTO]]",
          "List port mappings or a specific mapping for the container",
          "",
          FlagSet.of(),
          new Operands(1, 2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Engine.Container container = call.engine().container(call.operands().getFirst());
    List<Port> ports = Port.each(container.joined().map(Joined::ports).orElse(List.of()));
    if (call.operands().size() < 2) {
      ports.forEach(it -> addresses(it).forEach(to -> call.print(inside(it) + " -> " + to)));
      return 0;
    }
    String port = call.operands().getLast();
    if (!port.matches("\\d{1,5}(/(tcp|udp|sctp))?")) {
      throw new CommandException(1, "invalid port '" + port + "'");
    }
    String whole = port.contains("/") ? port : port + "/tcp";
    List<Port> found = ports.stream().filter(it -> inside(it).equals(whole)).toList();
    if (found.isEmpty()) {
      throw new CommandException(
          1, "no public port '" + whole + "' published for " + container.name());
    }
    found.forEach(it -> addresses(it).forEach(call::print));
    return 0;
  }

  private static String inside(Port port) {
    return port.containerPort() + "/" + port.protocol();
  }

  private static List<String> addresses(Port port) {
    String number = ":" + port.hostPort();
    return port.hostIp()
        .map(it -> List.of((it.contains(":") ? "[" + it + "]" : it) + number))
        .orElse(List.of("0.0.0.0" + number, "[::]" + number));
  }
}
