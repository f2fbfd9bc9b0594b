package io.kapsel.runtime;

import io.kapsel.linux.SyscallException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * What planning has asked of the host, with the answers: as long as they are the same, so is the
 * plan. Whoever asks the host something for a plan does it by way of {@link #at}.
 */
final class Looks {
  private static final ScopedValue<List<Look<?>>> NOTED = ScopedValue.newInstance();

  private final List<Look<?>> all;

  private Looks(List<Look<?>> all) {
    this.all = List.copyOf(all);
  }

  private record Look<T>(Supplier<T> question, T answer) {
    boolean holds() {
      return question.get().equals(answer);
    }
  }

  /** Something that was made, and what it depends on. */
  record Noted<T>(T made, Looks looks) {}

  /** Asks, and notes the answer for whoever notes. */
  static <T> T at(Supplier<T> question) {
    T answer = question.get();
    if (NOTED.isBound()) {
      NOTED.get().add(new Look<>(question, answer));
    }
    return answer;
  }

  /** Makes something, and notes what is asked meanwhile. */
  static <T> Noted<T> noting(Supplier<T> making) {
    List<Look<?>> noted = new ArrayList<>();
    T made = ScopedValue.where(NOTED, noted).call(making::get);
    return new Noted<>(made, new Looks(noted));
  }

  /** Whether the host would answer the same now. */
  boolean hold() {
    try {
      return all.stream().allMatch(Look::holds);
    } catch (SyscallException e) {
      return false; // planning it anew says why
    }
  }
}
