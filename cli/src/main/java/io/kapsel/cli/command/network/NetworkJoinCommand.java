package io.kapsel.cli.command.network;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.RefusedFlags;
import io.kapsel.cli.command.spec.NetworkFlags;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.EngineException;
import io.kapsel.network.Attachment;
import io.kapsel.network.Network;

/** {@code kapsel network connect} and {@code disconnect}. */
public final class NetworkJoinCommand implements Command {
  private static final Flag<String> ALIAS =
      Flag.text("alias", "list", "Another name for the container in the network");
  private static final Flag<String> IP = Flag.text("ip", "ip", "IPv4 address in the network");
  private static final Flag<String> IP6 = Flag.text("ip6", "ip", "IPv6 address in the network");
  private static final Flag<Long> PRIORITY =
      Flag.of(
          "gw-priority",
          "int",
          "The network with the highest one has the way to the outside",
          io.kapsel.cli.flag.Values::integer);
  private static final Flag<Boolean> FORCE =
      Flag.toggle('f', "force", "Known for Docker's sake: it is never refused");

  private final boolean joins;
  private final Manual manual;

  private NetworkJoinCommand(boolean joins, Manual manual) {
    this.joins = joins;
    this.manual = manual;
  }

  public static Command connect() {
    return new NetworkJoinCommand(
        true,
        new Manual(
            "network connect",
            "[OPTIONS] NETWORK CONTAINER",
            "Join a container to a network",
            "",
            FlagSet.of(
                ALIAS,
                IP,
                IP6,
                PRIORITY,
                RefusedFlags.LINK,
                RefusedFlags.LINK_LOCAL,
                RefusedFlags.DRIVER_OPTION),
            new Operands(2, 2)));
  }

  public static Command disconnect() {
    return new NetworkJoinCommand(
        false,
        new Manual(
            "network disconnect",
            "[OPTIONS] NETWORK CONTAINER",
            "Take a container out of a network",
            "",
            FlagSet.of(FORCE),
            new Operands(2, 2)));
  }

  @Override
  public Manual manual() {
    return manual;
  }

  @Override
  public int run(Call call) {
    Network network = call.engine().networks().find(call.operands().getFirst());
    Engine.Container container = call.engine().container(call.operands().getLast());
    if (!joins) {
      container.disconnect(network.name());
      return 0;
    }
    if (network.driver().equals("host") || network.driver().equals("null")) {
      throw new EngineException.Conflict(
          "connect",
          container.name(),
          "container cannot be connected to " + network.name() + " network");
    }
    container.connect(
        NetworkFlags.checked(() ->
            new Attachment(
                network.name(),
                call.arguments().last(IP),
                call.arguments().last(IP6),
                java.util.Optional.empty(),
                call.arguments().all(ALIAS),
                call.arguments().last(PRIORITY).orElse(0L).intValue())));
    return 0;
  }
}
