package io.kapsel.engine.spec;

/** How a process is connected: to a terminal with a first size, or to three streams. */
public record Stdio(boolean terminal, boolean openStdin, boolean stdinOnce, int rows, int columns) {
  /** No terminal and no input. */
  public static final Stdio OUTPUT_ONLY = new Stdio(false, false, false, 0, 0);

  private static final int LARGEST = 0xffff;

  /** Checks the size. */
  public Stdio {
    InvalidRequestException.unless(
        rows >= 0 && rows <= LARGEST && columns >= 0 && columns <= LARGEST,
        "%s rows and %s columns are no terminal",
        rows,
        columns);
  }
}
