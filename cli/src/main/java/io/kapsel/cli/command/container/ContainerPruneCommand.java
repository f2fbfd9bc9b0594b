package io.kapsel.cli.command.container;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Confirmation;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.PruneFilter;
import io.kapsel.cli.command.Pruned;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.EngineException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** {@code kapsel container prune}: removes all that do not run. */
public final class ContainerPruneCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "container prune",
          "[OPTIONS]",
          "Remove all stopped containers",
          "",
          FlagSet.of(Confirmation.FORCE, PruneFilter.FILTER),
          Operands.NONE);

  private final Clock clock;

  public ContainerPruneCommand(Clock clock) {
    this.clock = clock;
  }

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    if (!Confirmation.given(call, "This will remove all stopped containers.")) {
      return 0;
    }
    Pruned pruned = prune(call, clock.instant());
    pruned.tell(call, "Deleted Containers:");
    call.print("Total reclaimed space: " + ByteSize.printDecimal(pruned.bytes()));
    return 0;
  }

  public static Pruned prune(Call call, Instant now) {
    List<PruneFilter> filters = call.arguments().all(PruneFilter.FILTER);
    List<String> ids = new ArrayList<>();
    long bytes = 0;
    for (Engine.Container it : call.engine().containers()) {
      boolean idle =
          (it.status().phase() == Phase.CREATED || it.status().phase() == Phase.EXITED)
              && !it.status().restarting();
      if (!idle || !PruneFilter.all(filters, it.status().createdAt(), it.spec().labels(), now)) {
        continue;
      }
      try {
        long own = it.sizes().own();
        it.remove(false, false);
        ids.add(it.id());
        bytes += own;
      } catch (EngineException.NotFound _) {
        // somebody else removed it meanwhile
      } catch (EngineException e) {
        call.complain(String.valueOf(e.getMessage()));
      }
    }
    return new Pruned(ids, bytes);
  }
}
