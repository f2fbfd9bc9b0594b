package io.kapsel.engine.spec;

import java.util.Optional;

/**
 * How a process is connected: to a terminal with a first size, or to three streams.
 *
 * @param ttys what a system has besides
 */
public record Stdio(
    boolean terminal,
    boolean openStdin,
    boolean stdinOnce,
    int rows,
    int columns,
    Optional<Ttys> ttys) {
  /** No terminal and no input. */
  public static final Stdio OUTPUT_ONLY = new Stdio(false, false, false, 0, 0);

  private static final int LARGEST = 0xffff;

  /** Without further terminals. */
  public Stdio(boolean terminal, boolean openStdin, boolean stdinOnce, int rows, int columns) {
    this(terminal, openStdin, stdinOnce, rows, columns, Optional.empty());
  }

  /** The same with further terminals. */
  public Stdio with(Ttys more) {
    return new Stdio(terminal, openStdin, stdinOnce, rows, columns, Optional.of(more));
  }

  /** Checks the size. */
  public Stdio {
    InvalidRequestException.unless(
        rows >= 0 && rows <= LARGEST && columns >= 0 && columns <= LARGEST,
        "%s rows and %s columns are no terminal",
        rows,
        columns);
  }
}
