package io.kapsel.lxc;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A command line as getopt_long(3) takes it: options first, in any form, then operands. */
final class LxcOptions {
  /** What every program understands. */
  static final String COMMON =
      "n:name= o:logfile= l:logpriority= q:quiet P:lxcpath= ?:help :usage :version :rcfile=";

  private final Map<String, List<String>> values = new HashMap<>();
  private final List<String> operands = new ArrayList<>();

  private LxcOptions() {}

  /**
   * Takes a command line apart.
   *
   * @param known words such as {@code s:state=}: a letter, which may be absent, the name, and =
   *     when a value follows, ? when one may follow in the same word
   */
  static LxcOptions parse(String program, List<String> words, String known) {
    LxcOptions options = new LxcOptions();
    Names names = new Names(program, known + " " + COMMON);
    int at = 0;
    while (at < words.size()) {
      String word = words.get(at++);
      if (word.equals("--")) {
        break;
      }
      if (!word.startsWith("-") || word.length() == 1) {
        at--;
        break;
      }
      at =
          word.startsWith("--")
              ? options.name(names, word.substring(2), words, at)
              : options.letters(names, word.substring(1), words, at);
    }
    options.operands.addAll(words.subList(at, words.size()));
    return options;
  }

  /** The options of a program, by name and by letter; those with a value end in =. */
  private record Names(String program, Map<String, String> byName, Map<String, String> byLetter) {
    Names(String program, String known) {
      this(program, new HashMap<>(), new HashMap<>());
      for (String word : known.strip().split("\\s+", -1)) {
        int colon = word.indexOf(':');
        String name = word.substring(colon + 1);
        byName.putIfAbsent(bare(name), name);
        if (colon > 0) {
          byLetter.putIfAbsent(word.substring(0, colon), name); // its own come first
        }
      }
    }

    String find(Map<String, String> from, String key, String shown) {
      String name = from.get(key);
      if (name == null) {
        throw new LxcException(program + ": " + shown + "\nTry '" + program + " --help'.");
      }
      return name;
    }
  }

  private int name(Names names, String text, List<String> words, int next) {
    int equals = text.indexOf('=');
    String key = equals < 0 ? text : text.substring(0, equals);
    String name = names.find(names.byName(), key, "unrecognized option '--" + key + "'");
    boolean valued = name.endsWith("=") || name.endsWith("?");
    if (valued && equals >= 0) {
      add(name, text.substring(equals + 1));
      return next;
    }
    if (!name.endsWith("=")) {
      add(name, "");
      return next;
    }
    return value(names, name, "option '--" + key + "' requires an argument", words, next);
  }

  private int letters(Names names, String text, List<String> words, int next) {
    for (int i = 0; i < text.length(); i++) {
      String letter = text.substring(i, i + 1);
      String name = names.find(names.byLetter(), letter, "invalid option -- '" + letter + "'");
      if (name.endsWith("?")) {
        add(name, text.substring(i + 1));
        return next;
      }
      if (!name.endsWith("=")) {
        add(name, "");
      } else if (i + 1 < text.length()) {
        add(name, text.substring(i + 1));
        return next;
      } else {
        return value(names, name, "option requires an argument -- '" + letter + "'", words, next);
      }
    }
    return next;
  }

  private int value(Names names, String name, String missing, List<String> words, int next) {
    if (next >= words.size()) {
      throw new LxcException(
          names.program() + ": " + missing + "\nTry '" + names.program() + " --help'.");
    }
    add(name, words.get(next));
    return next + 1;
  }

  private void add(String name, String value) {
    values.computeIfAbsent(bare(name), _ -> new ArrayList<>()).add(value);
  }

  private static String bare(String name) {
    return name.replaceFirst("[=?]$", "");
  }

  boolean has(String name) {
    return values.containsKey(name);
  }

  Optional<String> last(String name) {
    List<String> all = all(name);
    return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
  }

  List<String> all(String name) {
    return values.getOrDefault(name, List.of());
  }

  /** A number of seconds. */
  Optional<Integer> seconds(String name) {
    return last(name)
        .map(text -> {
          if (!text.matches("-?\\d{1,9}")) {
            throw new LxcException("'" + text + "' in --" + name + " is no number of seconds");
          }
          return Integer.valueOf(text);
        });
  }

  List<String> operands() {
    return operands;
  }

  /** The container that is meant: --name, or the first operand, which is taken. */
  Optional<String> name() {
    Optional<String> said = last("name");
    if (said.isPresent() || operands.isEmpty()) {
      return said;
    }
    String first = operands.removeFirst();
    if (!operands.isEmpty() && operands.getFirst().equals("--")) {
      operands.removeFirst();
    }
    return Optional.of(first);
  }
}
