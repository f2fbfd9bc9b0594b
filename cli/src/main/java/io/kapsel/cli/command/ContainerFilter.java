package io.kapsel.cli.command;

import io.kapsel.cli.flag.Values;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** One {@code --filter} of {@code ps}. */
record ContainerFilter(String key, String value) implements Predicate<Engine.Container> {
  private static final Set<String> KEYS =
      Set.of("name", "id", "status", "label", "exited", "ancestor");
  private static final Set<String> STATES = Set.of("created", "running", "exited", "removing");

  /** Reads {@code KEY=value}. */
  static Predicate<Engine.Container> parse(String text) {
    int equals = text.indexOf('=');
    if (equals < 0) {
      throw new IllegalArgumentException("invalid argument: '" + text + "' is not KEY=value");
    }
    ContainerFilter filter =
        new ContainerFilter(text.substring(0, equals), text.substring(equals + 1));
    if (!KEYS.contains(filter.key)) {
      throw new IllegalArgumentException("invalid filter '" + filter.key + "'");
    }
    if (filter.key.equals("status") && !STATES.contains(filter.value)) {
      throw new IllegalArgumentException("invalid value for status: " + filter.value);
    }
    if (filter.key.equals("exited")) {
      Values.integer(filter.value);
    }
    return filter;
  }

  /** Whether a filter asks for what {@code ps} hides otherwise. */
  static boolean asksForStatus(List<Predicate<Engine.Container>> filters) {
    return filters.stream()
        .anyMatch(it ->
            it instanceof ContainerFilter filter
                && Set.of("status", "exited").contains(filter.key));
  }

  @Override
  public boolean test(Engine.Container it) {
    return switch (key) {
      case "name" -> it.name().contains(value);
      case "id" -> it.id().startsWith(value);
      case "status" -> ListCommand.state(it.status().phase()).equals(value);
      case "label" -> hasLabel(it);
      case "exited" ->
          it.status().exit().filter(exit -> exit.code() == Values.integer(value)).isPresent();
      default -> it.spec().root().toString().equals(value);
    };
  }

  private boolean hasLabel(Engine.Container it) {
    int equals = value.indexOf('=');
    String name = equals < 0 ? value : value.substring(0, equals);
    String found = it.spec().labels().get(name);
    return found != null && (equals < 0 || found.equals(value.substring(equals + 1)));
  }
}
