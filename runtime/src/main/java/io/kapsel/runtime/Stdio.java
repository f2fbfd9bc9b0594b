package io.kapsel.runtime;

import java.util.Optional;

/**
 * What a program's standard streams are.
 *
 * @param terminal a terminal of its own instead of pipes
 * @param openStdin whether there is an input at all
 * @param stdinOnce whether the input ends when the first client that wrote to it goes away
 * @param rows of the terminal, 0: not known
 * @param columns of the terminal, 0: not known
 * @param guest whether they are those of a caller in whose tree of processes it runs
 * @param ttys what a system has besides its console
 */
public record Stdio(
    boolean terminal,
    boolean openStdin,
    boolean stdinOnce,
    int rows,
    int columns,
    Optional<Guest> guest,
    Optional<Ttys> ttys) {
  /** Output only. */
  public static final Stdio OUTPUT = new Stdio(false, false, false, 0, 0);

  /** Streams of the engine's own. */
  public Stdio(boolean terminal, boolean openStdin, boolean stdinOnce, int rows, int columns) {
    this(terminal, openStdin, stdinOnce, rows, columns, Optional.empty(), Optional.empty());
  }

  /** The same, with terminals besides. */
  public Stdio(
      boolean terminal,
      boolean openStdin,
      boolean stdinOnce,
      int rows,
      int columns,
      Optional<Ttys> ttys) {
    this(terminal, openStdin, stdinOnce, rows, columns, Optional.empty(), ttys);
  }

  /** Those of a caller. */
  public static Stdio of(Guest guest, boolean terminal, int rows, int columns) {
    return new Stdio(terminal, true, false, rows, columns, Optional.of(guest), Optional.empty());
  }
}
