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
  private static final String UNTIL = "until";
  private static final Set<String> KEYS = Set.of(UNTIL, "label", "label!");

  /** Reads {@code until=24h}, {@code label=x} or {@code label!=x}. */
  public static PruneFilter parse(String text) {
    FilterText filter = FilterText.parse(text, KEYS);
    if (filter.key().equals(UNTIL)) {
      Instant _ = Times.instant(filter.value(), Instant.EPOCH);
    }
    return new PruneFilter(filter.key(), filter.value());
  }

  /** Reads {@code label=x}, {@code label!=x} or {@code all=true}: how old they are is not asked. */
  public static PruneFilter parseOfVolumes(String text) {
    FilterText filter = FilterText.parse(text, Set.of(ALL, "label", "label!"));
    if (filter.key().equals(ALL)) {
      boolean _ = filter.truth();
    }
    return new PruneFilter(filter.key(), filter.value());
  }

  /** Whether it asks for those with names, too. */
  public boolean isAll() {
    return key.equals(ALL) && Values.bool(value);
  }

  /** Whether it asks how old they are. */
  public boolean isUntil() {
    return key.equals(UNTIL);
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
      case UNTIL -> created.isBefore(Times.instant(value, now));
      case "label" -> Labels.have(labels, value);
      default -> !Labels.have(labels, value);
    };
  }
}
