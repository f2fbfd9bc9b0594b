package io.kapsel.ocicli;

import java.util.List;

/** An option of a command line, by its names, the long one first. */
record Option(List<String> names, String value, String meaning) {
  /** Copies the names. */
  Option {
    names = List.copyOf(names);
  }

  /** One that is there or not. */
  static Option toggle(String names, String meaning) {
    return new Option(List.of(names.split(", ")), "", meaning);
  }

  /** One that has a value. */
  static Option of(String names, String value, String meaning) {
    return new Option(List.of(names.split(", ")), value, meaning);
  }

  String name() {
    return names.getFirst();
  }

  boolean takesValue() {
    return !value.isEmpty();
  }

  private String shown() {
    List<String> all =
        names.stream().map(each -> (each.length() == 1 ? "-" : "--") + each).toList();
    return String.join(", ", all) + (takesValue() ? " " + value : "");
  }

  /** The lines of a help text. */
  static String help(List<Option> options) {
    StringBuilder text = new StringBuilder();
    for (Option option : options) {
      text.append("   %-36s %s\n".formatted(option.shown(), option.meaning()));
    }
    return text.toString();
  }
}
