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
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
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
  private static final int MOST_SOCKETS = 1024;

  /** Fields of a line of /proc/net/unix, the last one of them the name. */
  private static final int OF_SOCKET = 8;

  /** The configurations in a directory of a root that is not ours. */
  @FunctionalInterface
  interface Root {
    /** The files by the names of the containers that they define. */
    Map<String, byte[]> configs(String directory);
  }

  /**
   * How much is taken of what is in one outermost container, at whatever depth: whoever fills it
   * decides how much there is, and may mean to exhaust the memory of this engine. No more than all
   * that {@link RootDirectory#readEach} reads at a time, so that where that leaves something out,
   * this is spent.
   */
  static final class Allowance {
    /** Bytes of files, and letters of names. */
    static final int MOST = RootDirectory.MOST_OF_EACH;

    private final Runnable told;
    private int left = MOST;

    /** {@code told} is run when there is more than is taken. */
    Allowance(Runnable told) {
      this.told = told;
    }

    boolean isSpent() {
      return left < 0;
    }

    private boolean take(int amount) {
      if (isSpent()) {
        return false;
      }
      left -= amount;
      if (isSpent()) {
        told.run();
      }
      return !isSpent();
    }
  }

  /**
   * A root in the outermost container.
   *
   * @param base the way to it from the outermost root
   * @param place where containers are defined in each of them
   */
  record Inside(Root root, String base, Path place, Allowance allowance) {
    /** All that are defined there, which are shown behind the name of the outer one. */
    List<LxcNested> all(String outer, UnaryOperator<String> states) {
      List<LxcNested> all = new ArrayList<>();
      if (allowance.isSpent()) {
        return all;
      }
      for (Map.Entry<String, byte[]> each : root.configs(base + place).entrySet()) {
        String name = each.getKey();
        if (!allowance.take(outer.length() + name.length() + each.getValue().length)) {
          break;
        }
        if (isText(name)) {
          LxcConfig config = LxcConfig.ofOthers(each.getValue());
          all.add(new LxcNested(name, config, states.apply(name), this));
        }
      }
      return all;
    }

    /** Without what would speak to a terminal, and bytes that are no text. */
    private static boolean isText(String name) {
      return name.codePoints()
          .noneMatch(
              it -> Character.isISOControl(it) || Character.getType(it) == Character.SURROGATE);
    }
  }

  /** All that are defined in a container of this machine where it is defined itself. */
  static List<LxcNested> in(LxcPlace place, String name, Allowance allowance) {
    Optional<Container> running = place.running(name);
    Root root = running.map(LxcNested::running).orElseGet(() -> stopped(place, name));
    return new Inside(root, "", place.directory(), allowance)
        .all(name, running.map(it -> states(it, place.directory())).orElse(_ -> STOPPED));
  }

  /** All that are defined in this one, which is shown by that name. */
  List<LxcNested> nested(String shown) {
    return config
        .rootDirectory()
        .map(path -> inside.base() + "/" + path)
        .map(base -> new Inside(inside.root(), base, inside.place(), inside.allowance()))
        .map(it -> it.all(shown, _ -> state.equals(STOPPED) ? STOPPED : UNKNOWN))
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
    Set<String> sockets = sockets(outer, place);
    String other = sockets.stream().anyMatch(it -> it.endsWith("/kapsel.sock")) ? UNKNOWN : STOPPED;
    return name -> sockets.contains("@" + place + "/" + name + "/command") ? "RUNNING" : other;
  }

  private static Set<String> sockets(Container container, Path place) {
    Optional<Integer> pid = container.status().pid();
    if (pid.isEmpty()) {
      return Set.of();
    }
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid.get() + "/net/unix"))) {
      return sockets(lines, place);
    } catch (IOException | UncheckedIOException e) {
      return Set.of(); // it has ended meanwhile
    }
  }

  /** Those that tell of a state; a container can make any number of them. */
  static Set<String> sockets(Stream<String> lines, Path place) {
    String commands = "@" + place + "/";
    return lines
        .map(line -> line.split("\\s+", OF_SOCKET))
        .filter(fields -> fields.length == OF_SOCKET)
        .map(fields -> fields[OF_SOCKET - 1])
        .filter(it ->
            (it.startsWith(commands) && it.endsWith("/command")) || it.endsWith("/kapsel.sock"))
        .distinct()
        .limit(MOST_SOCKETS)
        .collect(Collectors.toUnmodifiableSet());
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

  List<String> groups() {
    return config.groups().stream().map(LxcNested::shown).toList();
  }

  /** A text that may come from a container, without what would speak to a terminal. */
  static String shown(String text) {
    return text.replaceAll("[\\x00-\\x1f\\x7f-\\x9f]", "?");
  }
}
