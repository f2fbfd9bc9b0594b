package io.kapsel.base;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What has to be undone when something that takes several steps fails half-way.
 *
 * <p>Used in try-with-resources: closing runs the actions in reverse, unless {@link #commit} was
 * called before. An action that fails does not keep the others from running.
 */
public final class UndoStack implements AutoCloseable {
  /** One step back. */
  @FunctionalInterface
  public interface Action {
    /** Takes the step. */
    void run();
  }

  private final Deque<Action> actions = new ArrayDeque<>();

  /** With nothing to undo. */
  public UndoStack() {}

  /** Adds what is to be done first when things go wrong from here on. */
  public void push(Action action) {
    actions.push(action);
  }

  /** From now on closing does nothing: what was made stays. */
  public void commit() {
    actions.clear();
  }

  @Override
  public void close() {
    RuntimeException first = null;
    while (!actions.isEmpty()) {
      try {
        actions.pop().run();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
