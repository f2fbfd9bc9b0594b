package io.kapsel.cli.command.image;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Confirmation;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.PruneFilter;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.Values;
import io.kapsel.image.Image;
import io.kapsel.oci.image.ImageConfig;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** {@code kapsel image prune}: gives back what images take that nobody needs. */
public final class ImagePruneCommand implements Command {
  private static final String DANGLING = "dangling=";
  private static final Optional<Boolean> NAMED = Optional.of(false);
  private static final Flag<Boolean> ALL =
      Flag.toggle('a', "all", "Also images with a name that no container was made from");
  private static final Flag<Filter> FILTER =
      Flag.of(
          "filter",
          "filter",
          "Only what is older than until=, has label= or has not label!=, or is dangling=",
          Filter::parse);
  private static final Manual MANUAL =
      new Manual(
          "image prune",
          "[OPTIONS]",
          "Remove images without a name that no container was made from",
          "",
          FlagSet.of(ALL, Confirmation.FORCE, FILTER),
          Operands.NONE);

  private final Clock clock;

  public ImagePruneCommand(Clock clock) {
    this.clock = clock;
  }

  /** Either whether images without a name are meant, or what all of them must be. */
  private record Filter(Optional<Boolean> dangling, Optional<PruneFilter> other) {
    static Filter parse(String text) {
      return text.startsWith(DANGLING)
          ? new Filter(
              Optional.of(Values.bool(text.substring(DANGLING.length()))), Optional.empty())
          : new Filter(Optional.empty(), Optional.of(PruneFilter.parse(text)));
    }
  }

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    boolean all = all(call);
    String warning =
        all
            ? "This will remove all images without at least one container associated to them."
            : "This will remove all dangling images.";
    if (!Confirmation.given(call, warning)) {
      return 0;
    }
    List<Image> removed = new ArrayList<>();
    long freed = call.engine().images().prune(all, chosen(call), removed);
    removed.forEach(image -> {
      image.names().forEach(name -> call.print("Untagged: " + name.familiar()));
      call.print("Deleted: " + image.id());
    });
    call.print("Total reclaimed space: " + ByteSize.printDecimal(freed));
    return 0;
  }

  private static boolean all(Call call) {
    return call.arguments().is(ALL)
        || call.arguments().all(FILTER).stream().anyMatch(it -> it.dangling().equals(NAMED));
  }

  private Predicate<Image> chosen(Call call) {
    return filtered(
        call.arguments().all(FILTER).stream().flatMap(it -> it.other().stream()).toList(),
        clock.instant());
  }

  /** Those that all filters let through. */
  public static Predicate<Image> filtered(List<PruneFilter> filters, Instant now) {
    return image ->
        PruneFilter.all(
            filters,
            image.created(),
            image.config().config().map(ImageConfig.Execution::labels).orElse(Map.of()),
            now);
  }
}
