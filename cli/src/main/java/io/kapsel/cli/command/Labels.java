package io.kapsel.cli.command;

import java.util.Map;

/** Labels as filters ask for them. */
public final class Labels {
  private Labels() {}

  /** Whether there is that label; with a value, if the text has one. */
  public static boolean have(Map<String, String> labels, String text) {
    int equals = text.indexOf('=');
    String found = labels.get(equals < 0 ? text : text.substring(0, equals));
    return found != null && (equals < 0 || found.equals(text.substring(equals + 1)));
  }
}
