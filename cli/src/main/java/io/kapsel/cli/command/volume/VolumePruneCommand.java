package io.kapsel.cli.command.volume;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Confirmation;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.PruneFilter;
import io.kapsel.cli.command.Pruned;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Volume;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** {@code kapsel volume prune}: removes volumes that nobody uses. */
public final class VolumePruneCommand implements Command {
  private static final Flag<Boolean> ALL =
      Flag.toggle('a', "all", "Remove those with names, too, not only anonymous ones");
  private static final Flag<PruneFilter> FILTER =
      Flag.of(
          "filter",
          "filter",
          "Only what has label= or has not label!=; all=true is the same as --all",
          PruneFilter::parseOfVolumes);
  private static final Manual MANUAL =
      new Manual(
          "volume prune",
          "[OPTIONS]",
          "Remove unused local volumes",
          "",
          FlagSet.of(ALL, Confirmation.FORCE, FILTER),
          Operands.NONE);

  private final Clock clock;

  public VolumePruneCommand(Clock clock) {
    this.clock = clock;
  }

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    List<PruneFilter> filters = call.arguments().all(FILTER);
    boolean all = call.arguments().is(ALL) || filters.stream().anyMatch(PruneFilter::isAll);
    String which = all ? "all" : "anonymous";
    if (!Confirmation.given(
        call, "This will remove " + which + " local volumes not used by at least one container.")) {
      return 0;
    }
    Pruned pruned = prune(call, filters, clock.instant(), all);
    pruned.tell(call, "Deleted Volumes:");
    call.print("Total reclaimed space: " + ByteSize.printDecimal(pruned.bytes()));
    return 0;
  }

  public static Pruned prune(Call call, List<PruneFilter> filters, Instant now, boolean all) {
    List<String> names = new ArrayList<>();
    long bytes = 0;
    for (Volume it : call.engine().volumes().list()) {
      boolean wanted =
          (all || it.anonymous())
              && call.engine().volumes().users(it).isEmpty()
              && PruneFilter.all(filters, it.createdAt(), VolumeRow.labels(it), now);
      if (!wanted) {
        continue;
      }
      try {
        long own = call.engine().volumes().bytes(it);
        call.engine().volumes().remove(it.name());
        names.add(it.name());
        bytes += own;
      } catch (EngineException e) {
        call.complain(String.valueOf(e.getMessage()));
      }
    }
    return new Pruned(names, bytes);
  }
}
