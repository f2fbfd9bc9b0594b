package io.kapsel.engine.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * To which ids of the host files belong that a container has of it: its root, where that is a
 * directory, and bind mounts. It sees their owners as these ranges say, whatever ids the engine
 * gives the container itself. Owners that are in none of them are nobody inside, and such files
 * cannot be changed.
 */
public record Owners(List<Range> users, List<Range> groups) {
  private static final Pattern TEXT =
      Pattern.compile("([ugb])[:\\s]+(\\d{1,10})[:\\s]+(\\d{1,10})[:\\s]+(\\d{1,10})");
  private static final long IDS = 1L << 32;

  /** How many ids a container has of its own. */
  public static final long INSIDE = 65_536;

  /** Ids of the container, where they begin on the host, and how many there are. */
  public record Range(long inside, long outside, long count) {
    /** Checks that there are such ids. */
    public Range {
      InvalidRequestException.unless(
          count > 0 && inside >= 0 && outside >= 0 && Math.max(inside, outside) + count < IDS,
          "%s:%s:%s are no ids",
          inside,
          outside,
          count);
    }
  }

  /** Checks that each id belongs to one other, and that the container has some of them. */
  public Owners {
    users = List.copyOf(users);
    groups = List.copyOf(groups);
    check("users", users);
    check("groups", groups);
  }

  /**
   * Reads ranges: {@code u:INSIDE:HOST:COUNT} for users, {@code g:} for groups, {@code b:} for
   * both, as in {@code lxc.idmap}, where spaces are between the parts.
   *
   * @throws InvalidRequestException when a text is none, or users or groups are missing, or have
   *     none of the container's ids
   */
  public static Owners parse(List<String> texts) {
    List<Range> users = new ArrayList<>();
    List<Range> groups = new ArrayList<>();
    for (String text : texts) {
      Matcher parts = TEXT.matcher(text.strip());
      InvalidRequestException.unless(
          parts.matches(), "'%s' is not u|g|b:INSIDE:HOST:COUNT, such as b:0:100000:65536", text);
      Range range = new Range(number(parts, 2), number(parts, 3), number(parts, 4));
      if (!parts.group(1).equals("g")) {
        users.add(range);
      }
      if (!parts.group(1).equals("u")) {
        groups.add(range);
      }
    }
    return new Owners(users, groups);
  }

  private static long number(Matcher parts, int group) {
    return Long.parseLong(parts.group(group));
  }

  private static void check(String whose, List<Range> ranges) {
    InvalidRequestException.unless(!ranges.isEmpty(), "owners of %s are missing", whose);
    long first = ranges.stream().mapToLong(Range::inside).min().orElse(0);
    InvalidRequestException.unless(
        first < INSIDE,
        "owners of %s begin at %s inside, where the last id is %s: the order is INSIDE:HOST:COUNT",
        whose,
        first,
        INSIDE - 1);
    for (int i = 0; i < ranges.size(); i++) {
      for (Range other : ranges.subList(0, i)) {
        Range each = ranges.get(i);
        InvalidRequestException.unless(
            apart(each.inside, other.inside, each, other)
                && apart(each.outside, other.outside, each, other),
            "owners of %s overlap: %s:%s:%s and %s:%s:%s",
            whose,
            other.inside,
            other.outside,
            other.count,
            each.inside,
            each.outside,
            each.count);
      }
    }
  }

  private static boolean apart(long one, long two, Range each, Range other) {
    return one + each.count <= two || two + other.count <= one;
  }
}
