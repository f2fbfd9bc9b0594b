package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.Values;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.ContainerStatus.Phase;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code kapsel ps}: which containers there are. */
public final class ListCommand implements Command {
  private static final Flag<Boolean> ALL =
      Flag.toggle('a', "all", "Show all containers, not only those that run");
  private static final Flag<Boolean> QUIET = Flag.toggle('q', "quiet", "Show only ids");
  private static final Flag<Boolean> WHOLE = Flag.toggle("no-trunc", "Show whole ids and commands");
  private static final Flag<Boolean> LATEST =
      Flag.toggle('l', "latest", "Show the newest container, whatever it does");
  private static final Flag<Boolean> SIZE =
      Flag.toggle('s', "size", "Show how much room they take");
  private static final Flag<Long> LAST =
      Flag.of("last", "int", "Show the n newest containers, whatever they do", Values::integer)
          .shorthand('n');
  private static final Flag<ContainerFilter> FILTER =
      Flag.of(
              "filter",
              "filter",
              "Show only containers with this ancestor=, before=, exited=, health=, id=, label=,"
                  + " name=, network=, since=, status= or volume=",
              ContainerFilter::parse)
          .shorthand('f');
  private static final List<String> COLUMNS =
      List.of(".ID", ".Image", ".Command", ".RunningFor", ".Status", ".Ports", ".Names");
  private static final Map<String, String> HEADINGS =
      Map.ofEntries(
          Map.entry("ID", "CONTAINER ID"),
          Map.entry("Names", "NAMES"),
          Map.entry("Image", "IMAGE"),
          Map.entry("Command", "COMMAND"),
          Map.entry("CreatedAt", "CREATED AT"),
          Map.entry("RunningFor", "CREATED"),
          Map.entry("Ports", "PORTS"),
          Map.entry("State", "STATE"),
          Map.entry("Status", "STATUS"),
          Map.entry("Size", "SIZE"),
          Map.entry("Labels", "LABELS"),
          Map.entry("Mounts", "MOUNTS"),
          Map.entry("LocalVolumes", "LOCAL VOLUMES"),
          Map.entry("Networks", "NETWORKS"));

  private final Clock clock;
  private final Manual manual;

  public ListCommand(String name, Clock clock) {
    this.clock = clock;
    this.manual =
        new Manual(
            name,
            "[OPTIONS]",
            "List containers",
            "",
            FlagSet.of(ALL, QUIET, WHOLE, LATEST, LAST, SIZE, FILTER, Listing.FORMAT),
            Operands.NONE);
  }

  @Override
  public Manual manual() {
    return manual;
  }

  @Override
  public int run(Call call) {
    Optional<String> format = call.arguments().last(Listing.FORMAT);
    boolean whole = call.arguments().is(WHOLE);
    boolean sized = call.arguments().is(SIZE) || Listing.asks(format, "Size");
    List<Engine.Container> chosen = choose(call);
    if (call.arguments().is(QUIET) && format.isEmpty()) {
      chosen.forEach(it -> call.print(ContainerRow.id(it, whole)));
      return 0;
    }
    Instant now = clock.instant();
    List<Struct> rows = chosen.stream().map(it -> ContainerRow.of(it, now, whole, sized)).toList();
    new Listing(columns(call.arguments().is(SIZE)), HEADINGS).print(call, format, rows);
    return 0;
  }

  private static List<String> columns(boolean sized) {
    List<String> columns = new ArrayList<>(COLUMNS);
    if (sized) {
      columns.add(".Size");
    }
    return columns;
  }

  private static List<Engine.Container> choose(Call call) {
    List<ContainerFilter> filters = call.arguments().all(FILTER);
    long most = call.arguments().is(LATEST) ? 1 : call.arguments().last(LAST).orElse(-1L);
    boolean all = call.arguments().is(ALL) || most >= 0 || ContainerFilter.asksForStatus(filters);
    ContainerFilter.Joined wanted = ContainerFilter.join(call.engine(), filters);
    return call.engine().containers().stream()
        .filter(it -> all || it.status().phase() == Phase.RUNNING || it.status().restarting())
        .filter(wanted)
        .limit(most < 0 ? Long.MAX_VALUE : most)
        .toList();
  }
}
