package io.kapsel.image.debian;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Settings of the host's apt that concern how an archive is reached; see apt.conf(5). Names are
 * compared without regard to case; of several values the last holds.
 */
public final class AptConfiguration {
  private final Map<String, String> values = new HashMap<>();

  /** Without any setting. */
  public AptConfiguration() {}

  /** What the host's files below {@code etc} say, such as {@code /etc/apt}. */
  public static AptConfiguration read(Path etc) throws IOException {
    AptConfiguration configuration = new AptConfiguration();
    for (Path file : files(etc)) {
      configuration.add(Files.readString(file, StandardCharsets.UTF_8));
    }
    return configuration;
  }

  private static List<Path> files(Path etc) throws IOException {
    List<Path> files = new ArrayList<>();
    Path parts = etc.resolve("apt.conf.d");
    if (Files.isDirectory(parts)) {
      try (Stream<Path> all = Files.list(parts)) {
        all.filter(AptConfiguration::isPart).sorted().forEach(files::add);
      }
    }
    Path single = etc.resolve("apt.conf");
    if (Files.isRegularFile(single)) {
      files.add(single);
    }
    return files;
  }

  private static boolean isPart(Path file) {
    String name = file.getFileName().toString();
    return name.matches("[A-Za-z0-9_-]+(\\.conf)?") && Files.isRegularFile(file);
  }

  /** Adds the settings of a file's text. What it cannot read it leaves out, as apt's own do. */
  public void add(String text) {
    Deque<String> scopes = new ArrayDeque<>();
    StringBuilder words = new StringBuilder();
    for (String token : tokens(text)) {
      switch (token) {
        case "{" -> {
          scopes.push(scope(scopes) + words.toString().strip() + "::");
          words.setLength(0);
        }
        case "}" -> {
          scopes.poll();
          words.setLength(0);
        }
        case ";" -> {
          set(scope(scopes), words.toString().strip());
          words.setLength(0);
        }
        default -> words.append(token).append(' ');
      }
    }
  }

  private static String scope(Deque<String> scopes) {
    return scopes.isEmpty() ? "" : scopes.peek();
  }

  private void set(String scope, String statement) {
    int space = statement.indexOf(' ');
    if (space > 0) {
      String value = statement.substring(space + 1).strip();
      boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
      values.put(
          (scope + statement.substring(0, space)).toLowerCase(Locale.ROOT),
          quoted ? value.substring(1, value.length() - 1) : value);
    }
  }

  private static List<String> tokens(String text) {
    List<String> tokens = new ArrayList<>();
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (Character.isWhitespace(c)) {
        at++;
      } else if (c == '#' || text.startsWith("//", at)) {
        at = end(text, "\n", at);
      } else if (text.startsWith("/*", at)) {
        at = end(text, "*/", at + 2);
      } else if (c == '{' || c == '}' || c == ';') {
        tokens.add(String.valueOf(c));
        at++;
      } else {
        int end = c == '"' ? end(text, "\"", at + 1) : word(text, at);
        tokens.add(text.substring(at, end));
        at = end;
      }
    }
    return tokens;
  }

  private static int end(String text, String mark, int from) {
    int found = text.indexOf(mark, from);
    return found < 0 ? text.length() : found + mark.length();
  }

  private static int word(String text, int from) {
    int at = from;
    while (at < text.length()
        && !Character.isWhitespace(text.charAt(at))
        && "{};\"".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    return at;
  }

  /** The value of a setting such as {@code Acquire::http::Proxy}, unless it is empty. */
  public Optional<String> find(String name) {
    return Optional.ofNullable(values.get(name.toLowerCase(Locale.ROOT)))
        .filter(value -> !value.isBlank());
  }

  /** Whether a setting says yes, in one of apt's many words; else {@code usual}. */
  public boolean is(String name, boolean usual) {
    return find(name)
        .map(value ->
            switch (value.toLowerCase(Locale.ROOT)) {
              case "yes", "true", "on", "enable", "with", "1" -> true;
              case "no", "false", "off", "disable", "without", "0" -> false;
              default -> usual;
            })
        .orElse(usual);
  }
}
