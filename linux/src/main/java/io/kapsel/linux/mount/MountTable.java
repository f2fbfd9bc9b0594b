package io.kapsel.linux.mount;

import io.kapsel.linux.Fd;
import io.kapsel.linux.RawText;
import io.kapsel.linux.file.Content;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The mounts that a process sees; see proc_pid_mountinfo(5). */
public record MountTable(List<Entry> entries) {
  private static final int LONGEST = 64 << 20;

  /** A table with these entries. */
  public MountTable {
    entries = List.copyOf(entries);
  }

  /** One mount. {@code options} are those of the mount, {@code superOptions} of the file system. */
  public record Entry(
      int id,
      int parent,
      String device,
      String root,
      String point,
      List<String> options,
      List<String> propagation,
      String type,
      String source,
      List<String> superOptions) {
    /** An entry with these fields. */
    public Entry {
      options = List.copyOf(options);
      propagation = List.copyOf(propagation);
      superOptions = List.copyOf(superOptions);
    }

    /** Whether mounts below it appear elsewhere, too. */
    public boolean shared() {
      return propagation.stream().anyMatch(field -> field.startsWith("shared:"));
    }
  }

  /** The table of this process. */
  public static MountTable read() {
    return read("/proc/self/mountinfo");
  }

  /** The table in that file of proc. */
  public static MountTable read(String path) {
    return parse(RawText.decode(Content.readAll(Fd.CWD, path, LONGEST)));
  }

  /** The table in that text. */
  public static MountTable parse(String text) {
    return new MountTable(
        text.lines().filter(line -> !line.isEmpty()).map(MountTable::line).toList());
  }

  /** What is mounted at that path, the topmost. */
  public Optional<Entry> at(String point) {
    return entries.reversed().stream().filter(entry -> entry.point.equals(point)).findFirst();
  }

  /** The mount that a normal absolute path is on: the topmost with the longest fitting point. */
  public Optional<Entry> of(String path) {
    Entry best = null;
    for (Entry entry : entries) {
      if (isBelow(path, entry.point)
          && (best == null || entry.point.length() >= best.point.length())) {
        best = entry;
      }
    }
    return Optional.ofNullable(best);
  }

  private static boolean isBelow(String path, String point) {
    return point.equals("/") || path.equals(point) || path.startsWith(point + "/");
  }

  private static Entry line(String line) {
    List<String> fields = Arrays.asList(line.split(" ", -1));
    int dash = fields.indexOf("-");
    if (dash < 6 || fields.size() < dash + 4) {
      throw new IllegalArgumentException("cannot read mountinfo: '" + line + "'");
    }
    return new Entry(
        Integer.parseInt(fields.get(0)),
        Integer.parseInt(fields.get(1)),
        fields.get(2),
        unescape(fields.get(3)),
        unescape(fields.get(4)),
        list(fields.get(5)),
        fields.subList(6, dash),
        fields.get(dash + 1),
        unescape(fields.get(dash + 2)),
        list(fields.get(dash + 3)));
  }

  private static List<String> list(String field) {
    List<String> list = new ArrayList<>();
    for (String option : field.split(",", -1)) {
      list.add(unescape(option));
    }
    return list;
  }

  /** Space, tab, newline and backslash are written as a backslash and three octal digits. */
  private static String unescape(String field) {
    if (field.indexOf('\\') < 0) {
      return field;
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < field.length(); i++) {
      if (field.charAt(i) == '\\' && i + 3 < field.length()) {
        text.append((char) Integer.parseInt(field.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        text.append(field.charAt(i));
      }
    }
    return text.toString();
  }
}
