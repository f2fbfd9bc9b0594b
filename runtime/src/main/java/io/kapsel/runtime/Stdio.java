package io.kapsel.runtime;

/**
 * What a program's standard streams are.
 *
 * @param terminal a terminal of its own instead of pipes
 * @param openStdin whether there is an input at all
 * @param stdinOnce whether the input ends when the first client that wrote to it goes away
 * @param rows of the terminal, 0: not known
 * @param columns of the terminal, 0: not known
 */
public record Stdio(boolean terminal, boolean openStdin, boolean stdinOnce, int rows, int columns) {
  /** Output only. */
  public static final Stdio OUTPUT = new Stdio(false, false, false, 0, 0);
}
