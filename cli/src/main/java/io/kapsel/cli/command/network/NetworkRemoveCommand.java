package io.kapsel.cli.command.network;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Confirmation;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.PruneFilter;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.network.Network;
import io.kapsel.network.NetworkException;
import io.kapsel.network.Networks;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** {@code kapsel network rm} and {@code prune}. */
public final class NetworkRemoveCommand implements Command {
  private static final Flag<Boolean> FORCE =
      Flag.toggle('f', "force", "Do not complain about a network that is not there");
  private static final Flag<PruneFilter> FILTER =
      Flag.of("filter", "filter", "Remove only networks with until= or label=", PruneFilter::parse);

  private final Clock clock;
  private final boolean all;

  public NetworkRemoveCommand(Clock clock, boolean all) {
    this.clock = clock;
    this.all = all;
  }

  @Override
  public Manual manual() {
    return all
        ? new Manual(
            "network prune",
            "[OPTIONS]",
            "Remove all networks that nobody is in",
            "",
            FlagSet.of(Confirmation.FORCE, FILTER),
            Operands.NONE)
        : new Manual(
            "network rm",
            "[OPTIONS] NETWORK [NETWORK...]",
            "Remove one or more networks",
            "",
            FlagSet.of(FORCE),
            Operands.SOME);
  }

  @Override
  public int run(Call call) {
    return all ? prune(call) : remove(call);
  }

  private static int remove(Call call) {
    int exitCode = 0;
    for (String each : call.operands()) {
      try {
        Network network = call.engine().networks().find(each);
        checkUnused(call, network);
        call.print(call.engine().networks().remove(network.id()).name());
      } catch (NetworkException e) {
        boolean forgiven = call.arguments().is(FORCE) && e instanceof NetworkException.NotFound;
        if (!forgiven) {
          call.complain(String.valueOf(e.getMessage()));
          exitCode = 1;
        }
      }
    }
    return exitCode;
  }

  /** Stopped containers keep their networks, too. */
  private static void checkUnused(Call call, Network network) {
    List<String> users =
        call.engine().containers().stream()
            .filter(it -> ContainerNetworks.names(it.spec()).contains(network.name()))
            .map(Engine.Container::name)
            .toList();
    if (!users.isEmpty() && !network.isBuiltIn()) {
      throw new NetworkException.Conflict(
          "remove network",
          network.name(),
          "network has active endpoints: " + String.join(", ", users));
    }
  }

  private int prune(Call call) {
    if (!Confirmation.given(
        call, "This will remove all custom networks not used by at least one container.")) {
      return 0;
    }
    prune(call, call.arguments().all(FILTER), clock.instant());
    return 0;
  }

  /** Removes those that nobody is in, and says which. */
  public static void prune(Call call, List<PruneFilter> filters, Instant now) {
    Networks networks = call.engine().networks();
    List<String> gone = new ArrayList<>();
    for (Network each : networks.list()) {
      boolean chosen = PruneFilter.all(filters, each.created(), each.labels(), now);
      if (chosen && isDangling(call, each)) {
        gone.add(networks.remove(each.id()).name());
      }
    }
    if (!gone.isEmpty()) {
      call.client().out("Deleted Networks:\n" + String.join("\n", gone) + "\n\n");
    }
  }

  /** Whether somebody made it, and no container is in it. */
  static boolean isDangling(Call call, Network network) {
    return !network.isBuiltIn()
        && call.engine().containers().stream()
            .noneMatch(it -> ContainerNetworks.names(it.spec()).contains(network.name()));
  }
}
