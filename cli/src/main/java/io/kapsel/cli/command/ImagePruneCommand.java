package io.kapsel.cli.command;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.image.Image;
import io.kapsel.oci.image.ImageConfig;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** {@code kapsel image prune}: gives back what images take that nobody needs. */
final class ImagePruneCommand implements Command {
  private static final Flag<Boolean> ALL =
      Flag.toggle('a', "all", "Also images with a name that no container was made from");
  private static final Flag<String> FILTER =
      Flag.of(
          "filter",
          "filter",
          "Only what is older than until=, has label= or has not label!=, or is dangling=",
          ImagePruneCommand::filter);
  private static final Manual MANUAL =
      new Manual(
          "image prune",
          "[OPTIONS]",
          "Remove images without a name that no container was made from",
          "",
          FlagSet.of(ALL, ContainerPruneCommand.FORCE, FILTER),
          Operands.NONE);

  private final Clock clock;

  ImagePruneCommand(Clock clock) {
    this.clock = clock;
  }

  private static String filter(String text) {
    if (!text.matches("dangling=(true|false|1|0)")) {
      PruneFilter _ = PruneFilter.parse(text);
    }
    return text;
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
        || call.arguments().all(FILTER).stream().anyMatch(it -> it.matches("dangling=(false|0)"));
  }

  private Predicate<Image> chosen(Call call) {
    Instant now = clock.instant();
    return filtered(
        call.arguments().all(FILTER).stream()
            .filter(it -> !it.startsWith("dangling="))
            .map(PruneFilter::parse)
            .toList(),
        now);
  }

  /** Those that all filters let through. */
  static Predicate<Image> filtered(List<PruneFilter> filters, Instant now) {
    return image ->
        PruneFilter.all(
            filters,
            image.created(),
            image.config().config().map(ImageConfig.Execution::labels).orElse(Map.of()),
            now);
  }
}
