package io.kapsel.image.debian;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One package as an index tells of it.
 *
 * @param source the archive that has it, by its place in the list of archives
 * @param path of the {@code .deb} below the archive's address
 * @param sha256 of the {@code .deb}, in hexadecimal
 */
public record DebianPackage(
    String name,
    PackageVersion version,
    String architecture,
    int source,
    String path,
    long size,
    String sha256,
    List<List<Dependency>> preDepends,
    List<List<Dependency>> depends,
    List<List<Dependency>> recommends,
    List<List<Dependency>> conflicts,
    List<Dependency> provides,
    boolean essential,
    Optional<String> priority,
    Optional<String> multiArch) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9+.-]*");
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  /** Checks what later becomes part of a path or an address. */
  public DebianPackage {
    check(NAME.matcher(name).matches(), "'%s' is not the name of a package", name);
    check(HASH.matcher(sha256).matches(), "'%s' has no SHA-256", name);
    boolean leadsOut =
        path.startsWith("/") || List.of(path.split("/", -1)).contains("..") || path.isEmpty();
    check(!leadsOut, "'%s' has a file name that leads out of the archive", name);
    check(size > 0, "'%s' has no size", name);
  }

  /** Reads a paragraph of a {@code Packages} index. */
  static DebianPackage of(Stanza stanza, int source) {
    List<List<Dependency>> conflicts = new ArrayList<>(relation(stanza, "Conflicts"));
    conflicts.addAll(relation(stanza, "Breaks"));
    return new DebianPackage(
        stanza.value("Package"),
        new PackageVersion(stanza.value("Version")),
        stanza.value("Architecture"),
        source,
        stanza.value("Filename"),
        Long.parseLong(stanza.value("Size")),
        stanza.value("SHA256"),
        relation(stanza, "Pre-Depends"),
        relation(stanza, "Depends"),
        relation(stanza, "Recommends"),
        conflicts,
        relation(stanza, "Provides").stream().map(List::getFirst).toList(),
        stanza.isYes("Essential"),
        stanza.find("Priority"),
        stanza.find("Multi-Arch"));
  }

  private static List<List<Dependency>> relation(Stanza stanza, String field) {
    return stanza.find(field).map(Dependency::parse).orElse(List.of());
  }

  /** Whether it is what {@code wanted} asks for, under its own name or one that it provides. */
  boolean satisfies(Dependency wanted) {
    if (wanted.name().equals(name)) {
      return wanted.bound().map(bound -> bound.allows(version)).orElse(true);
    }
    return provides.stream()
        .filter(it -> it.name().equals(wanted.name()))
        .anyMatch(it -> provided(it, wanted));
  }

  /** An unversioned Provides satisfies no versioned relation; Debian Policy, 7.5. */
  private static boolean provided(Dependency offer, Dependency wanted) {
    return wanted
        .bound()
        .map(bound -> offer.bound().map(it -> bound.allows(it.version())).orElse(false))
        .orElse(true);
  }

  private static void check(boolean holds, String message, String name) {
    if (!holds) {
      throw new IllegalArgumentException(message.formatted(name));
    }
  }

  @Override
  public String toString() {
    return name + " " + version;
  }
}
