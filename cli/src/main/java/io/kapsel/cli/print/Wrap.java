package io.kapsel.cli.print;

import java.util.ArrayList;
import java.util.List;

/** Breaks text into lines at its spaces. */
final class Wrap {
  private Wrap() {}

  /** The lines of {@code text}, none longer than {@code width} unless a word is. */
  static List<String> lines(String text, int width) {
    List<String> lines = new ArrayList<>();
    for (String paragraph : text.lines().toList()) {
      StringBuilder line = new StringBuilder();
      for (String word : paragraph.split(" ", -1)) {
        if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
          lines.add(line.toString());
          line.setLength(0);
        }
        line.append(line.isEmpty() ? "" : " ").append(word);
      }
      lines.add(line.toString());
    }
    return lines;
  }
}
