package io.kapsel.cli.print;

import java.util.ArrayList;
import java.util.List;

/**
 * Lines with tabs in columns, as Go's text/tabwriter lays them out for Docker: a cell that ends in
 * a tab is as wide as the widest of those above and below it, and three spaces.
 */
public final class Columns {
  private static final int GAP = 3;
  private static final int NARROWEST = 10;

  private Columns() {}

  /** The lines, each with its end. */
  public static String align(List<String> lines) {
    List<String[]> cells = new ArrayList<>();
    lines.forEach(line -> cells.add(line.split("\t", -1)));
    StringBuilder[] text = new StringBuilder[lines.size()];
    for (int i = 0; i < text.length; i++) {
      text[i] = new StringBuilder();
    }
    align(cells, text, 0, 0, cells.size());
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < text.length; i++) {
      all.append(text[i]).append(cells.get(i)[cells.get(i).length - 1].stripTrailing());
      stripEnd(all);
      all.append('\n');
    }
    return all.toString();
  }

  private static void stripEnd(StringBuilder text) {
    while (!text.isEmpty() && text.charAt(text.length() - 1) == ' ') {
      text.setLength(text.length() - 1);
    }
  }

  /** Neighbours that have a cell in this column are one block. */
  private static void align(
      List<String[]> cells, StringBuilder[] text, int column, int from, int to) {
    int at = from;
    while (at < to) {
      int end = at;
      int width = 0;
      while (end < to && cells.get(end).length > column + 1) {
        width = Math.max(width, columns(cells.get(end)[column]));
        end++;
      }
      width = Math.max(width + GAP, NARROWEST);
      for (int row = at; row < end; row++) {
        String cell = cells.get(row)[column];
        text[row].append(cell).repeat(' ', width - columns(cell));
      }
      if (end > at) {
        align(cells, text, column + 1, at, end);
      }
      at = Math.max(end, at + 1);
    }
  }

  private static int columns(String cell) {
    return cell.codePointCount(0, cell.length());
  }
}
