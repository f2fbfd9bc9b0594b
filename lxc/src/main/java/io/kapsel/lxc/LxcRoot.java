package io.kapsel.lxc;

import io.kapsel.engine.spec.RootSource;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where the root of a container is: what {@code lxc.rootfs.path} says. */
final class LxcRoot {
  private static final String IMAGE = "image:";

  /** A directory, or layers, of which the last is what was changed of the others. */
  private static final Pattern ON_THE_HOST =
      Pattern.compile("(?:dir:)?(/.*)|overlay(?:fs)?:(/[^:]*(?::/[^:]*)+)");

  private LxcRoot() {}

  /** What is refused is told with the line. */
  static RootSource of(LxcConfig.Entry said) {
    String value = said.value();
    Matcher parts = ON_THE_HOST.matcher(value);
    if (value.startsWith(IMAGE)) {
      return RootSource.parse(value.substring(IMAGE.length()), Path.of("/"));
    }
    if (!parts.matches()) {
      throw said.wrong("only a directory can be a root here, overlay:LOWER:UPPER, or image:NAME");
    }
    return parts.group(1) != null
        ? new RootSource.Directory(Path.of(parts.group(1)))
        : RootSource.parse("overlay:" + parts.group(2), Path.of("/"));
  }

  /** The directories of the host in which its files are. */
  static List<Path> directories(String value) {
    Matcher parts = ON_THE_HOST.matcher(value);
    if (!parts.matches()) {
      return List.of();
    }
    return parts.group(1) != null
        ? List.of(Path.of(parts.group(1)))
        : Arrays.stream(parts.group(2).split(":", -1)).map(Path::of).toList();
  }
}
