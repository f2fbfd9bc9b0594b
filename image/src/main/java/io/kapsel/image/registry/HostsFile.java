package io.kapsel.image.registry;

import io.kapsel.image.ImageException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of TOML that {@code hosts.toml} files consist of: tables, strings, booleans, and lists
 * of strings or of pairs.
 *
 * @param server where the registry itself is; empty: where its name says
 * @param hosts what is asked before it, in this order
 */
record HostsFile(Map<String, Object> server, Map<String, Map<String, Object>> hosts) {
  private static final Pattern TABLE =
      Pattern.compile("\\[\\s*host\\s*\\.\\s*(\"[^\"]*\"|'[^']*')\\s*(\\.\\s*header\\s*)?\\]");
  private static final Pattern PAIR = Pattern.compile("([A-Za-z0-9_-]+|\"[^\"]*\")\\s*=\\s*(.*)");
  private static final Pattern STRING = Pattern.compile("\"([^\"\\\\]*)\"|'([^']*)'");

  static HostsFile parse(String text, String file) {
    Map<String, Object> server = new LinkedHashMap<>();
    Map<String, Map<String, Object>> hosts = new LinkedHashMap<>();
    Map<String, Object> current = server;
    int number = 0;
    for (String raw : joined(text)) {
      number++;
      String line = withoutComment(raw).strip();
      if (line.isEmpty()) {
        continue;
      }
      Matcher table = TABLE.matcher(line);
      Matcher pair = PAIR.matcher(line);
      if (table.matches()) {
        String name = unquoted(table.group(1));
        Map<String, Object> host = hosts.computeIfAbsent(name, _ -> new LinkedHashMap<>());
        current = table.group(2) == null ? host : header(host);
      } else if (pair.matches()) {
        current.put(unquoted(pair.group(1)), value(pair.group(2).strip(), file, number));
      } else {
        throw unreadable(file, number);
      }
    }
    return new HostsFile(server, hosts);
  }

  @SuppressWarnings("unchecked") // only this method puts something under that key
  private static Map<String, Object> header(Map<String, Object> host) {
    return (Map<String, Object>)
        host.computeIfAbsent("header", _ -> new LinkedHashMap<String, Object>());
  }

  /** Lists may go over several lines. */
  private static List<String> joined(String text) {
    List<String> lines = new ArrayList<>();
    StringBuilder open = new StringBuilder();
    for (String line : text.lines().toList()) {
      open.append(withoutComment(line)).append(' ');
      long begun = open.chars().filter(c -> c == '[').count();
      long ended = open.chars().filter(c -> c == ']').count();
      if (begun == ended) {
        lines.add(open.toString());
        open.setLength(0);
      }
    }
    lines.add(open.toString());
    return lines;
  }

  private static String withoutComment(String line) {
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      quoted ^= c == '"' || c == '\'';
      if (c == '#' && !quoted) {
        return line.substring(0, i);
      }
    }
    return line;
  }

  private static Object value(String text, String file, int number) {
    if (text.equals("true") || text.equals("false")) {
      return Boolean.valueOf(text);
    }
    if (STRING.matcher(text).matches()) {
      return unquoted(text);
    }
    if (text.startsWith("[") && text.endsWith("]")) {
      List<String> strings = new ArrayList<>();
      Matcher each = STRING.matcher(text);
      while (each.find()) {
        strings.add(unquoted(each.group()));
      }
      return List.copyOf(strings);
    }
    throw unreadable(file, number);
  }

  private static String unquoted(String text) {
    Matcher matcher = STRING.matcher(text);
    if (!matcher.matches()) {
      return text;
    }
    return matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
  }

  private static ImageException unreadable(String file, int number) {
    return new ImageException.Invalid(
        "cannot read '" + file + "': statement " + number + " is not understood");
  }
}
