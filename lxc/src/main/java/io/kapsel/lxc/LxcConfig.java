package io.kapsel.lxc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A configuration file of LXC with all that it includes; see lxc.container.conf(5).
 *
 * @param entries in the order in which they are said
 */
record LxcConfig(List<Entry> entries) {
  private static final int DEEPEST = 16;
  private static final String INCLUDE = "lxc.include";
  private static final String SUFFIX = ".conf";
  private static final String GROUP = "lxc.group";
  private static final Path OTHERS = Path.of("config");

  /** All that is asked of a file of others. */
  private static final List<String> OF_OTHERS =
      List.of(GROUP, "lxc.idmap", "lxc.rootfs.path", "lxc.start.auto");

  /** So many lines of a file of others may name groups. */
  private static final int MOST_GROUPS = 64;

  /** So long may a value of a file of others be, as a path, and all that names groups together. */
  private static final int LONGEST_OF_OTHERS = 4096;

  /**
   * One line that says something.
   *
   * @param value empty: what was said before is taken back
   * @param said the key as it stands in the file, which may be that of another system
   */
  record Entry(String key, String value, Path file, int line, String said) {
    Entry(String key, String value, Path file, int line) {
      this(key, value, file, line, key);
    }

    /** The same line with another value. */
    Entry of(String other) {
      return new Entry(key, other, file, line, said);
    }

    /** An error that names the line. */
    WrongEntry wrong(String reason) {
      return new WrongEntry(this, reason);
    }
  }

  /** A line that says what cannot be. */
  static final class WrongEntry extends LxcException {
    private static final long serialVersionUID = 1L;

    private final transient Entry entry;

    WrongEntry(Entry entry, String reason) {
      super(
          "cannot read '%s': line %s: %s: %s"
              .formatted(entry.file(), entry.line(), entry.said(), reason));
      this.entry = entry;
    }

    Entry entry() {
      return entry;
    }
  }

  LxcConfig {
    entries = List.copyOf(entries);
  }

  /** Reads a file. */
  static LxcConfig read(Path file) {
    return read(
        file,
        e -> {
          throw e;
        });
  }

  /** Reads a file and passes over the lines that are wrong, which are told. */
  static LxcConfig read(Path file, Consumer<LxcException> wrong) {
    Reading reading = new Reading(new ArrayList<>(), wrong);
    reading.read(file, 0);
    return new LxcConfig(reading.all());
  }

  /**
   * Reads what a file of others says by itself. As it may be meant to make this machine read or
   * tell something, or hold too much, nothing is included, and only what is asked of such a file is
   * kept of it: of groups no more than some, of all else the last word.
   */
  static LxcConfig ofOthers(byte[] content) {
    List<Entry> kept = new ArrayList<>();
    new String(content, StandardCharsets.UTF_8)
        .lines()
        .map(line -> line.split("=", 2))
        .filter(halves -> halves.length == 2)
        .forEach(halves -> {
          int key = OF_OTHERS.indexOf(halves[0].strip());
          if (key >= 0) {
            keep(new Entry(OF_OTHERS.get(key), unquoted(halves[1].strip()), OTHERS, 0), kept);
          }
        });
    return new LxcConfig(kept);
  }

  private static void keep(Entry entry, List<Entry> kept) {
    String value = entry.value();
    if (value.length() > LONGEST_OF_OTHERS || value.indexOf('\0') >= 0) {
      return;
    }
    boolean adds = entry.key().equals(GROUP) && !value.isEmpty();
    if (!adds) {
      kept.removeIf(each -> each.key().equals(entry.key()));
    }
    if (!value.isEmpty() && (!adds || isRoomFor(value, kept))) {
      kept.add(entry);
    }
  }

  private static boolean isRoomFor(String group, List<Entry> kept) {
    List<Entry> groups = kept.stream().filter(each -> each.key().equals(GROUP)).toList();
    int letters = groups.stream().mapToInt(each -> each.value().length()).sum();
    return groups.size() < MOST_GROUPS && letters + group.length() <= LONGEST_OF_OTHERS;
  }

  /** One that says this and what was defined on a command line, {@code KEY=VALUE}. */
  LxcConfig with(List<String> defined) {
    List<Entry> all = new ArrayList<>(entries);
    for (String each : defined) {
      all.add(entry(each, Path.of("--define"), 1));
    }
    return new LxcConfig(all);
  }

  /** A file and those that it includes. */
  private record Reading(List<Entry> all, Consumer<LxcException> wrong) {
    void read(Path file, int depth) {
      if (depth > DEEPEST) {
        throw new LxcException("cannot read '" + file + "': files include each other");
      }
      if (Files.isDirectory(file)) {
        directory(file, depth);
        return;
      }
      int number = 0;
      for (String line : lines(file)) {
        number++;
        String text = line.strip();
        if (!text.isEmpty() && !text.startsWith("#")) {
          line(text, file, number, depth);
        }
      }
    }

    private void line(String text, Path file, int number, int depth) {
      Entry entry;
      try {
        entry = entry(text, file, number);
      } catch (LxcException e) {
        wrong.accept(e);
        return;
      }
      if (entry.key().equals(INCLUDE)) {
        Path other = file.resolveSibling(entry.value());
        if (Files.notExists(other)) {
          if (entry.value().endsWith("/")) {
            return; // a directory that nobody has filled yet
          }
          throw entry.wrong("there is no '" + other + "' (ENOENT)");
        }
        read(other, depth + 1);
      } else {
        all.add(entry);
      }
    }

    private void directory(Path directory, int depth) {
      try (Stream<Path> files = Files.list(directory)) {
        files
            .filter(each -> each.toString().endsWith(SUFFIX))
            .sorted()
            .forEach(each -> read(each, depth + 1));
      } catch (IOException e) {
        throw new LxcException("cannot read '" + directory + "': " + e.getMessage());
      }
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (java.nio.file.NoSuchFileException e) {
      throw new LxcException("cannot read '" + file + "': no such file or directory (ENOENT)");
    } catch (IOException e) {
      throw new LxcException("cannot read '" + file + "': " + e.getMessage());
    }
  }

  private static Entry entry(String text, Path file, int line) {
    int equals = text.indexOf('=');
    if (equals < 0) {
      throw new LxcException(
          "cannot read '%s': line %s: '%s' is not KEY = VALUE".formatted(file, line, text));
    }
    Entry entry =
        new Entry(
            text.substring(0, equals).strip(),
            unquoted(text.substring(equals + 1).strip()),
            file,
            line);
    LxcKeys.check(entry);
    LxcValues.check(entry);
    return entry;
  }

  private static String unquoted(String text) {
    boolean quoted =
        text.length() > 1
            && (text.charAt(0) == '"' || text.charAt(0) == '\'')
            && text.charAt(text.length() - 1) == text.charAt(0);
    return quoted ? text.substring(1, text.length() - 1) : text;
  }

  /** All but one entry. */
  LxcConfig without(Entry entry) {
    List<Entry> all = new ArrayList<>(entries);
    all.removeIf(entry::equals);
    return new LxcConfig(all);
  }

  /** What was said last for a key; nothing when that was taken back. */
  Optional<Entry> last(String key) {
    List<Entry> all = all(key);
    return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
  }

  /** The last value for a key. */
  Optional<String> value(String key) {
    return last(key).map(Entry::value);
  }

  /** All that was said for a key since it was taken back last. */
  List<Entry> all(String key) {
    List<Entry> all = new ArrayList<>();
    for (Entry each : entries) {
      if (each.key().equals(key)) {
        if (each.value().isEmpty()) {
          all.clear();
        } else {
          all.add(each);
        }
      }
    }
    return all;
  }

  /** The directory that is the root; nothing where it is something else. */
  Optional<String> rootDirectory() {
    return value("lxc.rootfs.path")
        .map(path -> path.startsWith("dir:") ? path.substring("dir:".length()) : path)
        .filter(path -> path.startsWith("/"));
  }

  /** The groups that the container is in. */
  List<String> groups() {
    return all(GROUP).stream()
        .flatMap(each -> Arrays.stream(each.value().split("\\s+", -1)))
        .toList();
  }

  /** All that was said for keys that begin like that, and was not taken back. */
  List<Entry> below(String prefix) {
    List<Entry> all = new ArrayList<>();
    for (Entry each : entries) {
      if (each.value().isEmpty()) {
        all.removeIf(it -> (it.key() + ".").startsWith(each.key() + "."));
      } else if (each.key().startsWith(prefix)) {
        all.add(each);
      }
    }
    return all;
  }
}
