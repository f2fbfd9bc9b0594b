package io.kapsel.image.debian;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One alternative of a relation between packages, such as {@code libc6 (>= 2.36)}; see Debian
 * Policy, 7.1.
 *
 * @param architecture what follows a colon: {@code any}, or the name of an architecture
 */
public record Dependency(String name, Optional<String> architecture, Optional<Bound> bound) {
  private static final Pattern FORM =
      Pattern.compile(
          "([A-Za-z0-9][A-Za-z0-9+.-]*)(?::([a-z0-9-]+))?\\s*(?:\\(\\s*(<<|<=|=|>=|>>|<|>)"
              + "\\s*([^\\s)]+)\\s*\\))?");

  /** How a version must compare. */
  public record Bound(String operator, PackageVersion version) {
    /** Whether {@code candidate} fits. */
    public boolean allows(PackageVersion candidate) {
      int order = candidate.compareTo(version);
      return switch (operator) {
        case "<<" -> order < 0;
        case "<=", "<" -> order <= 0; // the latter in its old meaning
        case "=" -> order == 0;
        case ">=", ">" -> order >= 0;
        case ">>" -> order > 0;
        default -> throw new IllegalStateException("the pattern admits no other operator");
      };
    }
  }

  /**
   * Reads a field such as {@code Depends}: all of the outer list are wanted, of each inner list
   * one.
   *
   * @throws IllegalArgumentException when it does not have that form
   */
  public static List<List<Dependency>> parse(String field) {
    List<List<Dependency>> all = new ArrayList<>();
    for (String group : field.split(",", -1)) {
      if (group.isBlank()) {
        continue; // a comma too much, which dpkg forgives
      }
      List<Dependency> alternatives = new ArrayList<>();
      for (String each : group.split("\\|", -1)) {
        alternatives.add(one(each.strip()));
      }
      all.add(List.copyOf(alternatives));
    }
    return all;
  }

  private static Dependency one(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("'" + text + "' is not a relation to a package");
    }
    Optional<Bound> bound =
        Optional.ofNullable(matcher.group(3))
            .map(operator -> new Bound(operator, new PackageVersion(matcher.group(4))));
    return new Dependency(matcher.group(1), Optional.ofNullable(matcher.group(2)), bound);
  }

  @Override
  public String toString() {
    return name
        + architecture.map(it -> ":" + it).orElse("")
        + bound.map(it -> " (" + it.operator + " " + it.version + ")").orElse("");
  }
}
