package io.kapsel.cli.config;

import io.kapsel.base.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A file of settings: {@code key = value} a line, comments after a number sign at its start. */
public final class ConfigFile {
  private static final long LONGEST = 1 << 20;

  private final String name;
  private final Map<Setting, Line> lines = new EnumMap<>(Setting.class);
  private final List<String> problems = new ArrayList<>();

  /** A value and where it stands. */
  record Line(String value, int number) {}

  private ConfigFile(String name) {
    this.name = name;
  }

  /** Reads it. What makes no sense in it is among {@link #problems}. */
  public static ConfigFile read(Path file) {
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > LONGEST) {
        throw new ConfigException(
            "cannot read '" + file + "': there is no regular file of at most 1 MiB");
      }
      return parse(file.toString(), Files.readString(file));
    } catch (IOException e) {
      throw new ConfigException("cannot read '" + file + "': " + AtomicFile.reason(e));
    }
  }

  static ConfigFile parse(String name, String text) {
    ConfigFile file = new ConfigFile(name);
    List<String> all = text.lines().toList();
    for (int i = 0; i < all.size(); i++) {
      file.line(i + 1, all.get(i).strip());
    }
    return file;
  }

  private void line(int number, String text) {
    if (text.isEmpty() || text.startsWith("#")) {
      return;
    }
    int equals = text.indexOf('=');
    if (equals < 0) {
      problem(number, "'" + text + "' is not 'key = value'");
      return;
    }
    String key = text.substring(0, equals).strip();
    String value = text.substring(equals + 1).strip();
    Optional<Setting> setting = Setting.find(key);
    if (setting.isEmpty()) {
      problem(number, "there is no setting '" + key + "'; 'kapsel config' shows all");
      return;
    }
    setting.get().wrong(value).ifPresent(it -> problem(number, it));
    Line before = lines.putIfAbsent(setting.get(), new Line(value, number));
    if (before != null) {
      problem(number, "'" + key + "' is set in line " + before.number() + " already");
    }
  }

  private void problem(int number, String what) {
    problems.add("'" + name + "', line " + number + ": " + what);
  }

  /** What makes no sense, with the line; in the order of the lines. */
  public List<String> problems() {
    return List.copyOf(problems);
  }

  String name() {
    return name;
  }

  Optional<Line> find(Setting setting) {
    return Optional.ofNullable(lines.get(setting));
  }
}
