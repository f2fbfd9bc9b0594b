package io.kapsel.e2e;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

/**
 * What many clients asked at once and were answered, and whether one after the other could have
 * been answered so: each call at one moment between its begin and its end. The search is that of
 * Wing and Gong ("Testing and Verifying Concurrent Objects", 1993), which remembers where it was.
 *
 * @param <S> what a model of the thing knows of it; compared by value
 * @param <O> what is asked of it
 */
final class History<S, O> {
  /** More places than that are not looked at. */
  private static final int MOST = 100_000;

  private static final int ALL = Integer.MAX_VALUE;

  /** What a thing is after {@code asked} was answered so, or nothing when that is no answer. */
  interface Model<S, O> {
    Optional<S> after(S before, O asked, String answer);

    /** Whether there is a state that is another one after it. */
    default boolean mayChange(O asked, String answer) {
      return true;
    }
  }

  private record Call<O>(O asked, String answer, long begin, long end) {
    @Override
    public String toString() {
      return "%d..%d %s: %s".formatted(begin / 1000, end / 1000, asked, answer);
    }
  }

  private record Place<S>(BitSet done, S state) {}

  private final Queue<Call<O>> calls = new ConcurrentLinkedQueue<>();
  private final long start = System.nanoTime();

  /** Asks, and notes when and with what answer. */
  void call(O asked, Supplier<String> does) {
    call(List.of(asked), does);
  }

  /** The same for what is several things, each of which happens at a moment of its own. */
  void call(List<O> asked, Supplier<String> does) {
    long begin = System.nanoTime() - start;
    String answer = does.get();
    long end = System.nanoTime() - start;
    asked.forEach(each -> calls.add(new Call<>(each, answer, begin, end)));
  }

  List<String> answers() {
    return calls.stream().map(Call::answer).toList();
  }

  /** Fails when no order of the calls explains their answers. */
  void check(S first, Model<S, O> model) {
    List<Call<O>> all = calls.stream().sorted(Comparator.comparingLong(each -> each.end)).toList();
    for (int kept : new int[] {0, 1, 2, 4, 8}) {
      if (new Search<>(all, model, kept).from(new BitSet(), first)) {
        return;
      }
    }
    Search<S, O> search = new Search<>(all, model, ALL);
    if (!search.from(new BitSet(), first)) {
      List<String> lines = new ArrayList<>(List.of(search.farthest()));
      all.forEach(each -> lines.add("  " + each));
      throw new AssertionError(String.join("\n", lines));
    }
  }

  /**
   * Calls stand in the order of their ends, so that the first of the rest ends first. What changes
   * nothing at that moment is taken at once, save some that might change something later: of each
   * kind as many as are kept, those with the latest ends. The fewer are kept, the faster an order
   * is found, and the more orders are missed.
   */
  private static final class Search<S, O> {
    private final List<Call<O>> calls;
    private final Model<S, O> model;
    private final int kept;
    private final Set<Place<S>> seen = new HashSet<>();
    private Place<S> best;

    Search(List<Call<O>> calls, Model<S, O> model, int kept) {
      this.calls = calls;
      this.model = model;
      this.kept = kept;
    }

    boolean from(BitSet before, S state) {
      BitSet done = (BitSet) before.clone();
      while (answerWhatChangesNothing(done, state)) {
        // what ended with that lets others begin
      }
      if (done.cardinality() == calls.size()) {
        return true;
      }
      Place<S> here = new Place<>(done, state);
      if (!seen.add(here)) {
        return false;
      }
      if (seen.size() > MOST) {
        if (kept < ALL) {
          return false;
        }
        throw new AssertionError("no order was found within " + MOST + " places; " + farthest());
      }
      if (best == null || done.cardinality() > best.done.cardinality()) {
        best = here;
      }
      return changes(done).stream().anyMatch(i -> fromAfter(i, done, state));
    }

    private boolean fromAfter(int i, BitSet done, S state) {
      Optional<S> after = model.after(state, calls.get(i).asked, calls.get(i).answer);
      BitSet next = (BitSet) done.clone();
      next.set(i);
      return after.isPresent() && from(next, after.get());
    }

    /** A call that may be next and leaves all as it is may as well be next at once. */
    private boolean answerWhatChangesNothing(BitSet done, S state) {
      Map<List<Object>, Deque<Integer>> such = new HashMap<>();
      boolean any = false;
      for (int i : open(done)) {
        Call<O> call = calls.get(i);
        if (model.after(state, call.asked, call.answer).filter(state::equals).isEmpty()) {
          continue;
        }
        Deque<Integer> alike =
            such.computeIfAbsent(List.of(call.asked, call.answer), _ -> new ArrayDeque<>());
        alike.add(i);
        if (!model.mayChange(call.asked, call.answer) || alike.size() > kept) {
          done.set(alike.remove());
          any = true;
        }
      }
      return any;
    }

    /** Of two that ask and are answered alike, the one that ends first may as well come first. */
    private List<Integer> changes(BitSet done) {
      Set<List<Object>> kinds = new HashSet<>();
      return open(done).stream()
          .filter(i -> kinds.add(List.of(calls.get(i).asked, calls.get(i).answer)))
          .toList();
    }

    /** The calls that may be next: those that began before any other of the rest ended. */
    private List<Integer> open(BitSet done) {
      List<Integer> open = new ArrayList<>();
      int first = done.nextClearBit(0);
      for (int i = first; i < calls.size(); i = done.nextClearBit(i + 1)) {
        if (calls.get(i).begin < calls.get(first).end) {
          open.add(i);
        }
      }
      return open;
    }

    String farthest() {
      List<String> rest = new ArrayList<>();
      for (int i = best.done.nextClearBit(0); i < calls.size(); i = best.done.nextClearBit(i + 1)) {
        rest.add(calls.get(i).toString());
      }
      return "no order explains the answers; at best, from "
          + best.state
          + " there is no way on to "
          + rest;
    }
  }
}
