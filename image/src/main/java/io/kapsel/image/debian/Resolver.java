package io.kapsel.image.debian;

import io.kapsel.image.ImageException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Chooses the packages of a new system: what every system has, what was asked for, and what those
 * need; see Debian Policy, chapter 7. Of each package the newest version is a candidate. Of
 * alternatives the one that is there already is taken, else the first that can be had, as apt does;
 * what is only recommended is left out.
 */
final class Resolver {
  private static final List<String> PRIORITIES =
      List.of("required", "important", "standard", "optional", "extra");
  private static final int MOST = 20_000;

  private final Function<String, List<DebianPackage>> archive;
  private final String architecture;
  private final Map<String, DebianPackage> chosen = new LinkedHashMap<>();
  private final Map<String, List<DebianPackage>> known = new HashMap<>();
  private final Set<String> automatic = new HashSet<>();

  /**
   * With what is known of the archives.
   *
   * @param archive all versions of packages with, or providing, a name
   */
  Resolver(Function<String, List<DebianPackage>> archive, String architecture) {
    this.archive = archive;
    this.architecture = architecture;
  }

  /**
   * What was chosen, in an order in which each package comes after those that it needs, as far as
   * there is one.
   *
   * @param automatic the names of those that are there for others' sake
   */
  record Choice(List<DebianPackage> packages, Set<String> automatic) {
    /** Copies both. */
    Choice {
      packages = List.copyOf(packages);
      automatic = Set.copyOf(automatic);
    }
  }

  /**
   * Chooses.
   *
   * @param base names of what every system has
   * @param wanted names that were asked for
   * @throws ImageException.NotFound when a name is unknown
   * @throws ImageException.Invalid when something that is needed cannot be had
   */
  Choice choose(Collection<String> base, Collection<String> wanted) {
    List<DebianPackage> seeds = new ArrayList<>();
    for (String name : base) {
      newest(name).ifPresent(seeds::add);
    }
    int essentials = seeds.size();
    for (String name : wanted) {
      seeds.add(
          newest(name)
              .orElseThrow(() ->
                  new ImageException.NotFound(
                      "cannot find the package '" + name + "': the archives do not have it")));
    }
    seeds.forEach(seed -> chosen.put(seed.name(), seed));
    for (int i = 0; i < seeds.size(); i++) {
      boolean essential = i < essentials && seeds.get(i).essential();
      complete(seeds.get(i), !essential);
    }
    List<DebianPackage> order = new ArrayList<>();
    Set<String> visited = new HashSet<>();
    chosen.values().forEach(each -> order(each, visited, order));
    checkConflicts();
    return new Choice(order, automatic);
  }

  /** The newest version of the package with that very name that fits the architecture. */
  private Optional<DebianPackage> newest(String name) {
    return newest(name, Optional.empty());
  }

  private Optional<DebianPackage> newest(String name, Optional<Dependency> wanted) {
    return find(name).stream()
        .filter(each -> each.name().equals(name))
        .max(Comparator.comparing(DebianPackage::version))
        .filter(each -> wanted.map(each::satisfies).orElse(true));
  }

  private List<DebianPackage> find(String name) {
    return known.computeIfAbsent(
        name,
        it -> archive.apply(it).stream().filter(each -> isOurs(each.architecture())).toList());
  }

  private boolean isOurs(String name) {
    return name.equals(architecture) || name.equals("all");
  }

  private void complete(DebianPackage first, boolean marks) {
    List<DebianPackage> open = new ArrayList<>(List.of(first));
    while (!open.isEmpty()) {
      DebianPackage each = open.removeLast();
      for (List<Dependency> group : needs(each)) {
        if (chosen(group).isEmpty()) {
          DebianPackage next = pick(each, group);
          chosen.put(next.name(), next);
          if (marks) {
            automatic.add(next.name());
          }
          open.add(next);
        }
      }
      if (chosen.size() > MOST) {
        throw new ImageException.Invalid(
            "cannot choose packages: more than 20,000 would be needed");
      }
    }
  }

  private static List<List<Dependency>> needs(DebianPackage each) {
    List<List<Dependency>> all = new ArrayList<>(each.preDepends());
    all.addAll(each.depends());
    return all;
  }

  private Optional<DebianPackage> chosen(List<Dependency> group) {
    for (Dependency wanted : group) {
      DebianPackage named = chosen.get(wanted.name());
      if (named != null && fits(wanted) && named.satisfies(wanted)) {
        return Optional.of(named);
      }
      for (DebianPackage provider : find(wanted.name())) {
        DebianPackage there = chosen.get(provider.name());
        if (there != null && there.equals(provider) && there.satisfies(wanted)) {
          return Optional.of(there);
        }
      }
    }
    return Optional.empty();
  }

  private boolean fits(Dependency wanted) {
    return wanted
        .architecture()
        .map(it -> it.equals("any") || it.equals("native") || isOurs(it))
        .orElse(true);
  }

  private DebianPackage pick(DebianPackage needing, List<Dependency> group) {
    for (Dependency wanted : group) {
      if (!fits(wanted)) {
        continue;
      }
      Optional<DebianPackage> found =
          newest(wanted.name(), Optional.of(wanted)).or(() -> provider(wanted));
      if (found.isPresent() && conflict(found.get()).isEmpty()) {
        return found.get();
      }
    }
    String text = String.join(" | ", group.stream().map(Dependency::toString).toList());
    throw new ImageException.Invalid(
        "cannot choose packages: '%s' needs '%s', which the archives do not have or which conflicts"
            .formatted(needing, text));
  }

  private Optional<DebianPackage> provider(Dependency wanted) {
    return find(wanted.name()).stream()
        .filter(each -> newest(each.name()).map(each::equals).orElse(false))
        .filter(each -> each.satisfies(wanted))
        .min(Comparator.comparingInt(Resolver::rank).thenComparing(DebianPackage::name));
  }

  private static int rank(DebianPackage each) {
    int rank = each.priority().map(PRIORITIES::indexOf).orElse(-1);
    return rank < 0 ? PRIORITIES.size() : rank;
  }

  /** The chosen package that a new one cannot live with. */
  private Optional<DebianPackage> conflict(DebianPackage fresh) {
    return chosen.values().stream()
        .filter(each -> !each.name().equals(fresh.name()))
        .filter(each -> excludes(each, fresh) || excludes(fresh, each))
        .findFirst();
  }

  private static boolean excludes(DebianPackage one, DebianPackage other) {
    return one.conflicts().stream().flatMap(List::stream).anyMatch(other::satisfies);
  }

  private void checkConflicts() {
    for (DebianPackage each : chosen.values()) {
      conflict(each)
          .ifPresent(other -> {
            throw new ImageException.Invalid(
                "cannot choose packages: '%s' conflicts with '%s'".formatted(each, other));
          });
    }
  }

  /** Depth first, without recursion as deep as the archive's longest chain. */
  private void order(DebianPackage first, Set<String> visited, List<DebianPackage> order) {
    record Visit(DebianPackage each, boolean done) {}
    List<Visit> open = new ArrayList<>(List.of(new Visit(first, false)));
    while (!open.isEmpty()) {
      Visit visit = open.removeLast();
      if (visit.done) {
        order.add(visit.each);
        continue;
      }
      if (!visited.add(visit.each.name())) {
        continue;
      }
      open.add(new Visit(visit.each, true));
      List<List<Dependency>> needs = needs(visit.each);
      for (int i = needs.size() - 1; i >= 0; i--) {
        chosen(needs.get(i)).ifPresent(next -> open.add(new Visit(next, false)));
      }
    }
  }
}
