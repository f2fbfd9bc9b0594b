package io.kapsel.cli.command.volume;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.FilterText;
import io.kapsel.cli.command.Labels;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.Values;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.Volume;
import io.kapsel.engine.Volumes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code kapsel volume ls}: which volumes there are. */
public final class VolumeListCommand implements Command {
  private static final Flag<Boolean> QUIET = Flag.toggle('q', "quiet", "Show only names");
  private static final Flag<Filter> FILTER =
      Flag.of(
              "filter",
              "filter",
              "Show only volumes with this dangling=, driver=, label= or name=",
              Filter::parse)
          .shorthand('f');
  private static final Manual MANUAL =
      new Manual(
          "volume ls",
          "[OPTIONS]",
          "List volumes",
          "",
          FlagSet.of(QUIET, FILTER, Listing.FORMAT),
          Operands.NONE);
  private static final Listing LISTING =
      new Listing(
          List.of(".Driver", ".Name"),
          Map.of(
              "Driver", "DRIVER",
              "Name", "VOLUME NAME",
              "Scope", "SCOPE",
              "Mountpoint", "MOUNTPOINT",
              "Labels", "LABELS",
              "Links", "LINKS",
              "Size", "SIZE"));

  /** One {@code --filter}. */
  private record Filter(String key, String value) {
    private static final Set<String> KEYS = Set.of("dangling", "driver", "label", "name");

    static Filter parse(String text) {
      FilterText filter = FilterText.parse(text, KEYS);
      if (filter.key().equals("dangling")) {
        boolean _ = filter.truth();
      }
      return new Filter(filter.key(), filter.value());
    }

    boolean test(Volumes volumes, Volume it) {
      return switch (key) {
        case "dangling" -> volumes.users(it).isEmpty() == Values.bool(value);
        case "driver" -> value.equals("local");
        case "label" -> Labels.have(VolumeRow.labels(it), value);
        default -> it.name().contains(value);
      };
    }
  }

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<String> format = call.arguments().last(Listing.FORMAT);
    Volumes volumes = call.engine().volumes();
    Map<String, List<Filter>> filters =
        call.arguments().all(FILTER).stream()
            .collect(
                Collectors.groupingBy(it -> it.key + (it.key.equals("label") ? it.value : "")));
    List<Volume> chosen =
        volumes.list().stream()
            .filter(it ->
                filters.values().stream()
                    .allMatch(any -> any.stream().anyMatch(each -> each.test(volumes, it))))
            .toList();
    if (call.arguments().is(QUIET) && format.isEmpty()) {
      chosen.forEach(it -> call.print(it.name()));
      return 0;
    }
    boolean sized = Listing.asks(format, "Size") || Listing.asks(format, "Links");
    List<Struct> rows =
        chosen.stream()
            .map(it -> sized ? VolumeRow.measured(volumes, it) : VolumeRow.of(it))
            .toList();
    LISTING.print(call, format, rows);
    return 0;
  }
}
