package io.kapsel.runtime.plan;

/** Where the result of a step is kept for later steps; {@code name} is how a plan is read. */
public record Slot(int number, String name) {
  /** How many a launcher has. */
  public static final int COUNT = 512;

  /** Whether it stands for anything; a place may be left empty by a number below 0. */
  public boolean isThere() {
    return number >= 0;
  }
}
