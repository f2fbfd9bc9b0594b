package io.kapsel.lxc;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where what a container is to be was read when it was started: what is called later, such as its
 * hooks, is from the same place.
 *
 * @param file absent: the one in the container's directory
 * @param defined what the command line said besides, {@code KEY=VALUE}
 */
record LxcSource(Optional<Path> file, List<String> defined) {
  private static final String FILE_LABEL = "io.kapsel.lxc.config";
  private static final String DEFINED_LABEL = "io.kapsel.lxc.defined";

  /** The file in the container's directory, and no more. */
  static final LxcSource USUAL = new LxcSource(Optional.empty(), List.of());

  LxcSource {
    defined = List.copyOf(defined);
  }

  /** That of a container. */
  static LxcSource of(ContainerSpec spec) {
    return new LxcSource(
        Optional.ofNullable(spec.labels().get(FILE_LABEL)).map(Path::of),
        Optional.ofNullable(spec.labels().get(DEFINED_LABEL))
            .map(it -> it.lines().toList())
            .orElse(List.of()));
  }

  /** The file of a container that is defined in {@code place}. */
  Path file(LxcPlace place, String name) {
    return file.orElseGet(() -> place.configOf(name));
  }

  /** What it says, if there is such a file; one that was named must be there. */
  Optional<LxcConfig> read(LxcPlace place, String name) {
    return file.map(LxcConfig::read).or(() -> place.config(name)).map(it -> it.with(defined));
  }

  /** A container that knows it. */
  ContainerSpec notedIn(ContainerSpec spec) {
    if (equals(USUAL)) {
      return spec;
    }
    Map<String, String> labels = new HashMap<>(spec.labels());
    file.ifPresent(it -> labels.put(FILE_LABEL, it.toString()));
    if (!defined.isEmpty()) {
      labels.put(DEFINED_LABEL, String.join("\n", defined));
    }
    return new ContainerSpecBuilder(spec).labels(labels).build();
  }
}
