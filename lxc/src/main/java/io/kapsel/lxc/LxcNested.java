package io.kapsel.lxc;

import io.kapsel.engine.Container;
import io.kapsel.engine.FilesView;
import io.kapsel.linux.file.RootDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A container that is defined inside another one. What is in there is not ours: it is looked up
 * with the other one's root as the root, and its text is only shown.
 *
 * @param inside where its own root is to be found
 */
record LxcNested(String name, LxcConfig config, String state, Inside inside) {
  private static final String STOPPED = "STOPPED";
  private static final String UNKNOWN = "UNKNOWN";
  private static final int MOST = 512;
  private static final int LONGEST = 32 << 10;

  /** Fields of a line of /proc/net/unix, the last one of them the name. */
  private static final int OF_SOCKET = 8;

  /** The configurations in a directory of a root that is not ours. */
  @FunctionalInterface
  private interface Root {
    Map<String, byte[]> configs(String directory);
  }

  /**
   * A root in the outermost container.
   *
   * @param base the way to it from the outermost root
   * @param place where containers are defined in each of them
   */
  private record Inside(Root root, String base, Path place) {
    List<LxcNested> all(UnaryOperator<String> states) {
      List<LxcNested> all = new ArrayList<>();
      root.configs(base + place)
          .forEach((name, content) -> {
            if (name.chars().noneMatch(Character::isISOControl)) {
              LxcConfig config = LxcConfig.ofOthers(content, place.resolve(name));
              all.add(new LxcNested(name, config, states.apply(name), this));
            }
          });
      return all;
    }
  }

  /** All that are defined in a container of this machine where it is defined itself. */
  static List<LxcNested> in(LxcPlace place, String name) {
    Optional<Container> running = place.running(name);
    Root root = running.map(LxcNested::running).orElseGet(() -> stopped(place, name));
    return new Inside(root, "", place.directory())
        .all(running.map(it -> states(it, place.directory())).orElse(_ -> STOPPED));
  }

  /** All that are defined in this one. */
  List<LxcNested> nested() {
    return config
        .rootDirectory()
        .map(path -> new Inside(inside.root(), inside.base() + "/" + path, inside.place()))
        .map(it -> it.all(_ -> state.equals(STOPPED) ? STOPPED : UNKNOWN))
        .orElse(List.of());
  }

  private static Root running(Container container) {
    return directory -> container.files().readEach(directory, "config", MOST, LONGEST);
  }

  private static Root stopped(LxcPlace place, String name) {
    Optional<Container> container = place.container(name);
    return directory -> {
      if (container.isPresent()) {
        try (FilesView view = container.get().contents().view()) {
          return configs(view.place(), directory);
        }
      }
      return place
          .config(name)
          .flatMap(LxcConfig::rootDirectory)
          .map(path -> configs(Path.of(path), directory))
          .orElse(Map.of());
    };
  }

  private static Map<String, byte[]> configs(Path root, String directory) {
    try (RootDirectory top = RootDirectory.open(root.toString())) {
      return top.readEach(directory, "config", MOST, LONGEST);
    }
  }

  /**
   * What containers of a running one do: LXC listens for its commands wherever it runs one; what an
   * engine like this one does in there cannot be told from outside.
   */
  private static UnaryOperator<String> states(Container outer, Path place) {
    List<String> sockets = sockets(outer);
    String other = sockets.stream().anyMatch(it -> it.endsWith("/kapsel.sock")) ? UNKNOWN : STOPPED;
    return name -> sockets.contains("@" + place.resolve(name) + "/command") ? "RUNNING" : other;
  }

  private static List<String> sockets(Container container) {
    Optional<Integer> pid = container.status().pid();
    if (pid.isEmpty()) {
      return List.of();
    }
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid.get() + "/net/unix"))) {
      return lines
          .map(line -> line.split("\\s+", OF_SOCKET))
          .filter(fields -> fields.length == OF_SOCKET)
          .map(fields -> fields[OF_SOCKET - 1])
          .filter(it -> it.endsWith("/command") || it.endsWith("/kapsel.sock"))
          .distinct()
          .toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of(); // it has ended meanwhile
    }
  }

  /** What a table shows. */
  String cell(String column, String none) {
    return switch (column) {
      case "STATE" -> state;
      case "AUTOSTART" -> config.value("lxc.start.auto").filter("1"::equals).orElse("0");
      case "GROUPS" -> groups().isEmpty() ? none : String.join(", ", groups());
      case "UNPRIVILEGED" -> Boolean.toString(!config.all("lxc.idmap").isEmpty());
      default -> none;
    };
  }

  /** Without what would speak to a terminal. */
  List<String> groups() {
    return config.groups().stream()
        .map(it -> it.replaceAll("[\\x00-\\x1f\\x7f-\\x9f]", "?"))
        .toList();
  }
}
