package io.kapsel.network.cni;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Where networks of plugins are described, and where the plugins are.
 *
 * @param programs looked through one after the other
 */
public record CniPlaces(Path configurations, List<Path> programs) {
  /** Copies the list. */
  public CniPlaces {
    programs = List.copyOf(programs);
  }

  /** The plugin of that name. */
  Path program(String type) {
    return programs.stream()
        .map(each -> each.resolve(type))
        .filter(each -> Files.isRegularFile(each) && Files.isExecutable(each))
        .findFirst()
        .orElseThrow(() ->
            new CniException(
                "there is no plugin '%s' in %s".formatted(type, path().replace(":", ", "))));
  }

  /** As plugins get it, who look for others. */
  String path() {
    return programs.stream().map(Path::toString).collect(Collectors.joining(":"));
  }
}
