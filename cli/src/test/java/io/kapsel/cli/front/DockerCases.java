package io.kapsel.cli.front;

import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.GroupCommand;
import io.kapsel.cli.command.container.CreateCommand;
import io.kapsel.cli.command.container.RunCommand;
import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.UsageException;
import io.kapsel.oci.InvalidSpecException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which flags are tried by the cases that are compared with Docker: what their lines of sh call.
 */
final class DockerCases {
  private static final Path FILE = Path.of("../tests/e2e/src/test/resources/docker/cases.txt");

  /** The client, called as a command of its own. */
  private static final Pattern CALL = Pattern.compile("(?m)((?<![\\w/$-])D|\\$C) ");

  private static final Path GUIDE = Path.of("../docs/guide/docker-flags.md");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| (`.*`) \\| .* \\| `(\\w+)` \\|$");
  private static final Pattern FLAG = Pattern.compile("`([^`]+)`");

  private final Commands commands;
  private final Set<String> tried = new HashSet<>();

  DockerCases(Commands commands) throws IOException {
    this.commands = commands;
    String text = Files.readString(FILE).replaceAll("(?m)^(#|==|differs ).*$", "");
    Matcher calls = CALL.matcher(text);
    while (calls.find()) {
      int end = calls.group(1).equals("$C") ? text.indexOf('"', calls.end()) : text.length();
      add(words(text.substring(calls.end(), end) + "\n"));
    }
  }

  /** What no case tries, with the test that does: a table of the guide. */
  static Map<String, String> triedElsewhere() throws IOException {
    Map<String, String> all = new HashMap<>();
    String compared = Files.readString(GUIDE).replaceFirst("(?s).*\n## Compared\n", "");
    for (Matcher row = ROW.matcher(compared); row.find(); ) {
      for (Matcher flag = FLAG.matcher(row.group(1)); flag.find(); ) {
        all.put(flag.group(1), row.group(2));
      }
    }
    return all;
  }

  /** Whether some case gives this flag to that command a value that it takes. */
  boolean tries(Command command, Flag<?> flag) {
    return tried.contains(key(command, flag));
  }

  /**
   * Whoever is the same command under another name has the same flags, and so has create of run.
   */
  private static String key(Command command, Flag<?> flag) {
    Class<?> type = command instanceof CreateCommand ? RunCommand.class : command.getClass();
    return type.getSimpleName() + " " + flag.name();
  }

  private void add(List<String> words) {
    Command command = commands.find(words.getFirst());
    int path = 1;
    while (command instanceof GroupCommand group
        && words.size() > path
        && group.find(words.get(path)).isPresent()) {
      command = group.find(words.get(path)).get();
      path++;
    }
    Command called = command;
    try {
      Arguments given = command.manual().flags().parse(words.subList(path, words.size()));
      command.manual().flags().flags().stream()
          .filter(given::has)
          .forEach(flag -> tried.add(key(called, flag)));
    } catch (UsageException | InvalidSpecException | CommandException _) {
      // One that is to be refused: it tries nothing.
    }
  }

  /** The words of a command of sh, up to what ends it or redirects its streams. */
  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    char quote = 0;
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (quote != 0) {
        if (c == quote) {
          quote = 0;
        } else {
          word.append(c);
        }
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (" \n;|&<>)".indexOf(c) >= 0) {
        if (!word.isEmpty()) {
          words.add(word.toString());
          word.setLength(0);
        }
        if (c != ' ') {
          break;
        }
      } else {
        word.append(c);
      }
    }
    return words;
  }
}
