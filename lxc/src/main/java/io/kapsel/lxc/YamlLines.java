package io.kapsel.lxc;

import io.kapsel.lxc.Translation.Line;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The scalars of a YAML document with their lines, each under the keys that lead to it, joined by
 * slashes. It reads what Incus and LXD write: maps in maps and plain lists, in block style. A file
 * with anything else is refused with its line rather than read wrongly.
 */
final class YamlLines {
  private static final char BETWEEN = '/';

  /** A map or list that is open, its column, and where it is. */
  private record Level(int column, String path) {}

  private final List<Line> found = new ArrayList<>();
  private final Deque<Level> open = new ArrayDeque<>();
  private final String file;
  private int textColumn = -1;

  private YamlLines(String file) {
    this.file = file;
  }

  static List<Line> read(java.nio.file.Path path) {
    YamlLines yaml = new YamlLines(path.toString());
    List<String> lines = Adoption.lines(path);
    for (int i = 0; i < lines.size(); i++) {
      yaml.line(i + 1, lines.get(i));
    }
    return yaml.found;
  }

  private void line(int number, String text) {
    String bare = text.strip();
    int column = text.length() - text.stripLeading().length();
    if (textColumn >= 0 && (bare.isEmpty() || column > textColumn)) {
      lengthen(text.strip());
      return;
    }
    textColumn = -1;
    if (bare.isEmpty() || bare.startsWith("#") || bare.equals("---")) {
      return;
    }
    if (bare.startsWith("\t") || bare.matches("[&*!%@`].*")) {
      throw wrong(number, bare);
    }
    if (bare.equals("-") || bare.startsWith("- ")) {
      element(number, column, bare.substring(1).strip());
    } else {
      entry(number, column, bare);
    }
  }

  private LxcException wrong(int number, String text) {
    return new LxcException(
        "cannot read '%s': line %s: '%s' is not KEY: VALUE".formatted(file, number, text));
  }

  /** A text of several lines. */
  private void lengthen(String text) {
    Line last = found.removeLast();
    String value = last.value().isEmpty() ? text : last.value() + "\n" + text;
    found.add(new Line(last.number(), last.key(), value));
  }

  private String place(int column) {
    while (!open.isEmpty() && open.element().column() >= column) {
      open.pop();
    }
    return open.isEmpty() ? "" : open.element().path();
  }

  private void entry(int number, int column, String text) {
    int colon = text.endsWith(":") && !text.contains(": ") ? text.length() - 1 : text.indexOf(": ");
    if (colon <= 0) {
      throw wrong(number, text);
    }
    String parent = place(column);
    String key = unquoted(text.substring(0, colon).strip());
    String path = parent.isEmpty() ? key : parent + BETWEEN + key;
    String value = text.substring(colon + 1).strip();
    if (value.isEmpty()) {
      open.push(new Level(column, path));
    } else if (value.matches("[|>][+-]?")) {
      found.add(new Line(number, path, ""));
      textColumn = column;
    } else if (!value.equals("{}") && !value.equals("[]")) {
      found.add(new Line(number, path, unquoted(value)));
    }
  }

  /** Elements of lists of maps are told apart by their lines. */
  private void element(int number, int column, String text) {
    String parent = place(column + 1);
    if (text.matches("[^\"'\\s][^\\s]*:( .*)?")) {
      open.push(new Level(column + 1, parent + BETWEEN + number));
      entry(number, column + 2, text);
    } else {
      found.add(new Line(number, parent, unquoted(text)));
    }
  }

  private static String unquoted(String text) {
    boolean quoted =
        text.length() > 1
            && (text.startsWith("\"") || text.startsWith("'"))
            && text.endsWith(text.substring(0, 1));
    if (!quoted) {
      return text;
    }
    String inner = text.substring(1, text.length() - 1);
    return text.startsWith("'")
        ? inner.replace("''", "'")
        : inner.replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\");
  }
}
