package io.kapsel.ocicli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Words of a command line, taken apart as Go's flag package does: options come first, with one dash
 * or two, and the first word that is none ends them.
 */
record Words(Map<String, List<String>> values, List<String> operands) {
  /** Takes words apart. */
  static Words parse(List<String> words, List<Option> options) {
    return parse(words, options, false);
  }

  /** {@code mixed}: options may also follow words that are none. */
  static Words parse(List<String> words, List<Option> options, boolean mixed) {
    List<String> operands = new ArrayList<>();
    Map<String, List<String>> values = new LinkedHashMap<>();
    int at = 0;
    while (at < words.size()) {
      String word = words.get(at);
      if (word.length() < 2 || word.charAt(0) != '-') {
        if (!mixed) {
          break;
        }
        operands.add(word);
        at++;
        continue;
      }
      at++;
      if (word.equals("--")) {
        break;
      }
      String name = word.substring(word.startsWith("--") ? 2 : 1);
      int equals = name.indexOf('=');
      Option option = find(options, equals < 0 ? name : name.substring(0, equals));
      List<String> all = values.computeIfAbsent(option.name(), _ -> new ArrayList<>());
      if (equals >= 0) {
        all.add(name.substring(equals + 1));
      } else if (!option.takesValue()) {
        all.add("true");
      } else if (at < words.size()) {
        all.add(words.get(at++));
      } else {
        throw new OciException("flag needs an argument: -" + name);
      }
    }
    operands.addAll(words.subList(at, words.size()));
    return new Words(values, operands);
  }

  private static Option find(List<Option> options, String name) {
    return options.stream()
        .filter(each -> each.names().contains(name))
        .findFirst()
        .orElseThrow(() -> new OciException("flag provided but not defined: -" + name));
  }

  Optional<String> last(String name) {
    List<String> all = values.getOrDefault(name, List.of());
    return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
  }

  List<String> all(String name) {
    return values.getOrDefault(name, List.of());
  }

  /** The value, unless it is absent or empty. */
  Optional<String> text(String name) {
    return last(name).filter(each -> !each.isEmpty());
  }

  boolean is(String name) {
    return last(name).filter(each -> !each.equals("false") && !each.equals("0")).isPresent();
  }

  int number(String name, int otherwise) {
    try {
      return last(name).map(Integer::parseInt).orElse(otherwise);
    } catch (NumberFormatException e) {
      throw new OciException(
          "invalid value \"%s\" for flag -%s: parse error".formatted(last(name).orElse(""), name),
          e);
    }
  }
}
