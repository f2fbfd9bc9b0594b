package io.kapsel.cli.command;

import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.Values;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One {@code --filter} of something that prunes. */
public record PruneFilter(String key, String value) {
  public static final Flag<PruneFilter> FILTER =
      Flag.of(
          "filter",
          "filter",
          "Only what is older than until=, has label= or has not label!=",
          PruneFilter::parse);
  private static final String ALL = "all";
  private static final Set<String> KEYS = Set.of("until", "label", "label!");

  /** Reads {@code until=24h}, {@code label=x} or {@code label!=x}. */
  public static PruneFilter parse(String text) {
    int equals = text.indexOf('=');
    if (equals < 0 || !KEYS.contains(text.substring(0, equals))) {
      throw new IllegalArgumentException("invalid filter '" + text + "'");
    }
    return new PruneFilter(text.substring(0, equals), text.substring(equals + 1));
  }

  /** Reads {@code label=x}, {@code label!=x} or {@code all=true}: how old they are is not asked. */
  public static PruneFilter parseOfVolumes(String text) {
    int equals = text.indexOf('=');
    String key = equals < 0 ? text : text.substring(0, equals);
    if (equals < 0 || !Set.of(ALL, "label", "label!").contains(key)) {
      throw new IllegalArgumentException("invalid filter '" + key + "'");
    }
    String value = text.substring(equals + 1);
    if (key.equals(ALL)) {
      Values.bool(value);
    }
    return new PruneFilter(key, value);
  }

  /** Whether it asks for those with names, too. */
  public boolean isAll() {
    return key.equals(ALL) && Values.bool(value);
  }

  public static boolean all(
      List<PruneFilter> filters, Instant created, Map<String, String> labels, Instant now) {
    return filters.stream().allMatch(each -> each.passes(created, labels, now));
  }

  @Override
  public String toString() {
    return key + "=" + value;
  }

  private boolean passes(Instant created, Map<String, String> labels, Instant now) {
    return switch (key) {
      case ALL -> true;
      case "until" -> created.isBefore(Times.instant(value, now));
      case "label" -> Labels.have(labels, value);
      default -> !Labels.have(labels, value);
    };
  }
}
