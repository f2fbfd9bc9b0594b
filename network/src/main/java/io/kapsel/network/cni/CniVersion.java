package io.kapsel.network.cni;

import java.util.List;

/** Versions of the specification, and what came with which. */
final class CniVersion {
  /** The newest that the engine speaks. */
  static final String OWN = "1.1.0";

  private static final List<String> ALL = List.of("0.3.0", "0.3.1", "0.4.0", "1.0.0", OWN);

  private CniVersion() {}

  /** The highest that all know. */
  static String choose(List<String> offered, List<List<String>> plugins) {
    return ALL.reversed().stream()
        .filter(offered::contains)
        .filter(each -> plugins.stream().allMatch(it -> it.contains(each)))
        .findFirst()
        .orElseThrow(() ->
            new CniException(
                "its versions are %s, its plugins have %s, the engine has %s: none in common"
                    .formatted(offered, plugins, ALL)));
  }

  /** Whether there are CHECK, and results for DEL. */
  static boolean checks(String version) {
    return ALL.indexOf(version) >= ALL.indexOf("0.4.0");
  }

  /** Whether there are GC and STATUS. */
  static boolean collects(String version) {
    return ALL.indexOf(version) >= ALL.indexOf(OWN);
  }
}
