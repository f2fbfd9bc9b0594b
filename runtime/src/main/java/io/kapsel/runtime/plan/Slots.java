package io.kapsel.runtime.plan;

import java.util.HashMap;
import java.util.Map;

/** Hands out the slots of a plan. */
public final class Slots {
  private final Map<String, Slot> shared = new HashMap<>();
  private int next;

  /** None are taken at first. */
  public Slots() {}

  /** The last few, for what is done and over before a plan whose slots begin at the first. */
  public static Slots last(int count) {
    Slots slots = new Slots();
    slots.next = Slot.COUNT - count;
    return slots;
  }

  /**
   * The next free one.
   *
   * @throws IllegalArgumentException when the launcher has no more
   */
  public Slot take(String name) {
    if (next == Slot.COUNT) {
      throw new IllegalArgumentException(
          "the plan needs more than " + Slot.COUNT + " results to be kept; ask for fewer mounts");
    }
    return new Slot(next++, name);
  }

  /** The one for a result that only the next few steps need: the same for each use of the name. */
  public Slot sharedBy(String name) {
    return shared.computeIfAbsent(name, this::take);
  }
}
