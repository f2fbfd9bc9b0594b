package io.kapsel.image.debian;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Makes packages for tests from a few lines each. */
final class Packages {
  private Packages() {}

  /** A package with the fields that every one has, and {@code more}. */
  static DebianPackage of(String name, String version, String... more) {
    return DebianPackage.of(Stanza.parse(text(name, version) + String.join("\n", more) + "\n"), 0);
  }

  /** The paragraph of an index. */
  static String text(String name, String version) {
    return "Package: %s\nVersion: %s\nArchitecture: amd64\nFilename: pool/%s.deb\nSize: 1\nSHA256: %s\n"
        .formatted(name, version, name, "a".repeat(64));
  }

  /** An archive with these. */
  static Function<String, List<DebianPackage>> archive(DebianPackage... all) {
    return name ->
        Arrays.stream(all)
            .filter(each ->
                each.name().equals(name)
                    || each.provides().stream().anyMatch(it -> it.name().equals(name)))
            .toList();
  }
}
