package io.kapsel.cli.command.system;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Confirmation;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.PruneFilter;
import io.kapsel.cli.command.Pruned;
import io.kapsel.cli.command.container.ContainerPruneCommand;
import io.kapsel.cli.command.image.ImagePruneCommand;
import io.kapsel.cli.command.network.NetworkRemoveCommand;
import io.kapsel.cli.command.volume.VolumePruneCommand;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.image.Image;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** {@code kapsel system prune}: removes all that nobody uses. */
public final class SystemPruneCommand implements Command {
  private static final Flag<Boolean> ALL =
      Flag.toggle('a', "all", "Remove all unused images, not only those without a name");
  private static final Flag<Boolean> VOLUMES =
      Flag.toggle("volumes", "Remove anonymous volumes, too, that nobody uses");
  private static final Manual MANUAL =
      new Manual(
          "system prune",
          "[OPTIONS]",
          "Remove unused data",
          "Stopped containers, and networks and images that nobody uses.\n",
          FlagSet.of(ALL, VOLUMES, Confirmation.FORCE, PruneFilter.FILTER),
          Operands.NONE);

  private final Clock clock;

  public SystemPruneCommand(Clock clock) {
    this.clock = clock;
  }

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    if (call.arguments().is(VOLUMES)
        && call.arguments().all(PruneFilter.FILTER).stream().anyMatch(PruneFilter::isUntil)) {
      throw new CommandException(1, "the \"until\" filter is not supported with \"--volumes\"");
    }
    if (!Confirmation.given(call, warning(call))) {
      return 0;
    }
    return prune(call);
  }

  private static String warning(Call call) {
    StringBuilder text = new StringBuilder("This will remove:\n  - all stopped containers\n");
    text.append("  - all networks not used by at least one container\n");
    if (call.arguments().is(VOLUMES)) {
      text.append("  - all anonymous volumes not used by at least one container\n");
    }
    text.append(
        call.arguments().is(ALL)
            ? "  - all images without at least one container associated to them\n"
            : "  - all dangling images\n");
    List<PruneFilter> filters = call.arguments().all(PruneFilter.FILTER);
    if (!filters.isEmpty()) {
      text.append("\n  Items to be pruned will be filtered with:\n");
      filters.forEach(it -> text.append("  - ").append(it).append('\n'));
    }
    return text.toString();
  }

  private int prune(Call call) {
    Pruned containers = ContainerPruneCommand.prune(call, clock.instant());
    containers.tell(call, "Deleted Containers:");
    List<PruneFilter> filters = call.arguments().all(PruneFilter.FILTER);
    NetworkRemoveCommand.prune(call, filters, clock.instant());
    List<Image> images = new ArrayList<>();
    long bytes =
        call.engine()
            .images()
            .prune(
                call.arguments().is(ALL),
                ImagePruneCommand.filtered(filters, clock.instant()),
                images);
    new Pruned(images.stream().map(each -> "deleted: " + each.id()).toList(), bytes)
        .tell(call, "Deleted Images:");
    if (call.arguments().is(VOLUMES)) {
      Pruned volumes = VolumePruneCommand.prune(call, filters, clock.instant(), false);
      volumes.tell(call, "Deleted Volumes:");
      bytes += volumes.bytes();
    }
    call.print("Total reclaimed space: " + ByteSize.printDecimal(containers.bytes() + bytes));
    return 0;
  }
}
