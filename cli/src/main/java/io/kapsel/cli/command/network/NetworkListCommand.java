package io.kapsel.cli.command.network;

import io.kapsel.base.HexId;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.FilterText;
import io.kapsel.cli.command.Labels;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.network.Network;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** {@code kapsel network ls}: which networks there are. */
public final class NetworkListCommand implements Command {
  private static final Flag<Boolean> QUIET = Flag.toggle('q', "quiet", "Show only ids");
  private static final Flag<Boolean> WHOLE = Flag.toggle("no-trunc", "Show whole ids");
  private static final Set<String> KEYS =
      Set.of("dangling", "driver", "id", "label", "name", "scope", "type");
  private static final Flag<FilterText> FILTER =
      Flag.of(
              "filter",
              "filter",
              "Show only networks with this dangling=, driver=, id=, label=, name=, scope=, type=",
              text -> FilterText.parse(text, KEYS))
          .shorthand('f');
  private static final Listing LISTING =
      new Listing(
          List.of(".ID", ".Name", ".Driver", ".Scope"),
          Map.of(
              "ID",
              "NETWORK ID",
              "Name",
              "NAME",
              "Driver",
              "DRIVER",
              "Scope",
              "SCOPE",
              "IPv6",
              "IPV6",
              "Internal",
              "INTERNAL",
              "Labels",
              "LABELS",
              "CreatedAt",
              "CREATED AT"));
  private static final Manual MANUAL =
      new Manual(
          "network ls",
          "[OPTIONS]",
          "List networks",
          "",
          FlagSet.of(QUIET, WHOLE, FILTER, Listing.FORMAT),
          Operands.NONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    boolean whole = call.arguments().is(WHOLE);
    List<Predicate<Network>> filters =
        call.arguments().all(FILTER).stream().map(each -> filter(call, each)).toList();
    List<Network> found =
        call.engine().networks().list().stream()
            .filter(it -> filters.stream().allMatch(each -> each.test(it)))
            .toList();
    if (call.arguments().is(QUIET)) {
      found.forEach(it -> call.print(whole ? it.id() : HexId.abbreviate(it.id())));
      return 0;
    }
    LISTING.print(
        call,
        call.arguments().last(Listing.FORMAT),
        found.stream().map(it -> row(it, whole)).toList());
    return 0;
  }

  private static Struct row(Network network, boolean whole) {
    return new Struct()
        .with("ID", whole ? network.id() : HexId.abbreviate(network.id()))
        .with("Name", network.name())
        .with("Driver", network.driver())
        .with("Scope", "local")
        .with("IPv6", Boolean.toString(network.ipv6()))
        .with("Internal", Boolean.toString(network.internal()))
        .with("CreatedAt", network.created().toString())
        .with(
            "Labels",
            network.labels().entrySet().stream()
                .map(Object::toString)
                .sorted()
                .collect(Collectors.joining(",")));
  }

  private static Predicate<Network> filter(Call call, FilterText filter) {
    String value = filter.value();
    return switch (filter.key()) {
      case "dangling" -> {
        boolean wanted = filter.truth();
        yield it -> NetworkRemoveCommand.isDangling(call, it) == wanted;
      }
      case "driver" -> it -> it.driver().equals(value);
      case "id" -> it -> it.id().startsWith(value);
      case "name" -> it -> it.name().contains(value);
      case "label" -> it -> Labels.have(it.labels(), value);
      case "scope" -> _ -> value.equals("local");
      default -> type(value);
    };
  }

  private static Predicate<Network> type(String value) {
    return switch (value) {
      case "builtin" -> Network::isBuiltIn;
      case "custom" -> it -> !it.isBuiltIn();
      default -> throw new CommandException(1, "invalid filter: 'type'='" + value + "'");
    };
  }
}
