package io.kapsel.image.debian;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One paragraph of a control file; see deb-control(5) and Debian Policy, 5.1. Names of fields are
 * compared without regard to case. A value keeps the line feeds of its further lines, each of which
 * begins with a space.
 */
public final class Stanza {
  private final Map<String, Field> fields;

  private record Field(String name, String value) {}

  private Stanza(Map<String, Field> fields) {
    this.fields = fields;
  }

  /**
   * Reads one paragraph.
   *
   * @throws IllegalArgumentException when a line is neither a field nor the continuation of one
   */
  public static Stanza parse(String text) {
    List<Stanza> all = parseAll(text);
    if (all.size() != 1) {
      throw new IllegalArgumentException("there are " + all.size() + " paragraphs, not one");
    }
    return all.getFirst();
  }

  /** The same of bytes. */
  public static Stanza parse(byte[] text) {
    return parse(new String(text, StandardCharsets.UTF_8));
  }

  /** Reads paragraphs, which empty lines separate; lines that begin with {@code #} are comments. */
  public static List<Stanza> parseAll(String text) {
    List<Stanza> all = new ArrayList<>();
    Map<String, Field> current = new LinkedHashMap<>();
    String last = "";
    for (String line : text.split("\n", -1)) {
      String bare = line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
      if (bare.isBlank()) {
        finish(current, all);
        current = new LinkedHashMap<>();
        last = "";
      } else if (bare.charAt(0) == ' ' || bare.charAt(0) == '\t') {
        extend(current, last, bare);
      } else if (bare.charAt(0) != '#') {
        last = add(current, bare);
      }
    }
    finish(current, all);
    return all;
  }

  private static void finish(Map<String, Field> fields, List<Stanza> all) {
    if (!fields.isEmpty()) {
      all.add(new Stanza(fields));
    }
  }

  private static void extend(Map<String, Field> fields, String last, String line) {
    Field field = fields.get(last);
    if (field == null) {
      throw new IllegalArgumentException("a paragraph begins with a continuation line");
    }
    fields.put(last, new Field(field.name, field.value + "\n" + line));
  }

  private static String add(Map<String, Field> fields, String line) {
    int colon = line.indexOf(':');
    if (colon <= 0 || line.substring(0, colon).indexOf(' ') >= 0) {
      throw new IllegalArgumentException("a line is not a field");
    }
    String name = line.substring(0, colon);
    String key = key(name);
    if (fields.put(key, new Field(name, line.substring(colon + 1).stripLeading())) != null) {
      throw new IllegalArgumentException("the field '" + name + "' is there twice");
    }
    return key;
  }

  private static String key(String name) {
    return name.toLowerCase(java.util.Locale.ROOT);
  }

  /** The value of a field. */
  public Optional<String> find(String name) {
    return Optional.ofNullable(fields.get(key(name))).map(field -> field.value.strip());
  }

  /** The value of a field that must be there. */
  public String value(String name) {
    return find(name)
        .orElseThrow(() -> new IllegalArgumentException("the field '" + name + "' is missing"));
  }

  /** The words of a field, or none. */
  public List<String> words(String name) {
    return find(name)
        .map(value -> List.of(value.strip().split("\\s+")))
        .filter(words -> !words.getFirst().isEmpty())
        .orElse(List.of());
  }

  /** Whether a field says {@code yes}. */
  public boolean isYes(String name) {
    return find(name).map(value -> value.equals("yes")).orElse(false);
  }

  /** Names and values in their order, as they were written. */
  public Map<String, String> all() {
    Map<String, String> all = new LinkedHashMap<>();
    fields.values().forEach(field -> all.put(field.name, field.value));
    return Collections.unmodifiableMap(all);
  }
}
