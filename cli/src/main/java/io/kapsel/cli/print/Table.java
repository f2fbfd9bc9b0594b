package io.kapsel.cli.print;

import java.util.ArrayList;
import java.util.List;

/** Rows under headings, in columns as wide as their widest cell, as Docker lays them out. */
public final class Table {
  private static final int GAP = 3;
  private static final int NARROWEST = 10;

  private final List<List<String>> rows = new ArrayList<>();

  /** A table with these headings. */
  public Table(String... headings) {
    rows.add(List.of(headings));
  }

  /** Adds one row; a cell for each heading. */
  public void row(String... cells) {
    if (cells.length != rows.getFirst().size()) {
      throw new IllegalArgumentException("a row needs a cell for each heading");
    }
    rows.add(List.of(cells));
  }

  /** The whole table; each line ends in a line feed, none in spaces. */
  public String text() {
    int[] widths = widths();
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < row.size(); column++) {
        pad(line, row.get(column), widths[column]);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  private int[] widths() {
    int[] widths = new int[rows.getFirst().size()];
    for (List<String> row : rows) {
      for (int column = 0; column < widths.length; column++) {
        widths[column] = Math.max(widths[column], columns(row.get(column)) + GAP);
      }
    }
    for (int column = 0; column < widths.length; column++) {
      widths[column] = Math.max(widths[column], NARROWEST);
    }
    return widths;
  }

  private static void pad(StringBuilder line, String cell, int width) {
    line.append(cell).repeat(' ', Math.max(0, width - columns(cell)));
  }

  private static int columns(String cell) {
    return cell.codePointCount(0, cell.length());
  }
}
