package io.kapsel.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Undoing in reverse. */
class UndoStackTest {
  private final List<String> undone = new ArrayList<>();

  @Test
  void unwindsInReverse() {
    try (UndoStack undo = new UndoStack()) {
      undo.push(() -> undone.add("first"));
      undo.push(() -> undone.add("second"));
    }
    assertThat(undone).containsExactly("second", "first");
  }

  @Test
  void keepsWhatWasCommitted() {
    try (UndoStack undo = new UndoStack()) {
      undo.push(() -> undone.add("first"));
      undo.commit();
    }
    assertThat(undone).isEmpty();
  }

  @Test
  void goesOnAfterAFailure() {
    UndoStack undo = new UndoStack();
    undo.push(() -> undone.add("first"));
    undo.push(() -> {
      throw new IllegalStateException("b");
    });
    undo.push(() -> {
      throw new IllegalStateException("a");
    });

    assertThatThrownBy(undo::close)
        .hasMessage("a")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    assertThat(undone).containsExactly("first");
  }
}
