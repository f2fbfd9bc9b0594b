package io.kapsel.runtime.plan;

/** Hands out the slots of a plan. */
public final class Slots {
  private int next;

  /** None are taken at first. */
  public Slots() {}

  /** The next free one. */
  public Slot take(String name) {
    return new Slot(next++, name);
  }
}
