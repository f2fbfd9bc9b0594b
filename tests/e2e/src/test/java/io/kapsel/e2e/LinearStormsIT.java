package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Fifty clients do to one container what they like, each several things in a row; some order of all
 * that explains every answer (row A6).
 */
class LinearStormsIT extends EndToEnd {
  private static final List<String> FIFTY =
      IntStream.range(0, 50).mapToObj(Integer::toString).toList();
  private static final List<String> NAMES = List.of("one", "two", "three");
  private static final int EACH = 4;

  private enum Does {
    START,
    STOP,
    KILL,
    RENAME,
    EXEC,
    LOOK,
    REMOVE,
    REMOVE_BY_FORCE,
    /** What a kill does besides being told to a program that runs. */
    DIE;

    List<Does> parts() {
      return switch (this) {
        case KILL, REMOVE_BY_FORCE -> List.of(this, DIE);
        default -> List.of(this);
      };
    }
  }

  /**
   * One wish of a client.
   *
   * @param from the name that is to be changed to {@code to}; of a rename alone
   */
  private record Wish(Does does, String from, String to) {
    List<Wish> parts() {
      return does.parts().stream().map(each -> new Wish(each, from, to)).toList();
    }

    String[] words(String id) {
      return switch (does) {
        case START -> new String[] {"start", id};
        case STOP -> new String[] {"stop", "-t", "0", id};
        case KILL, DIE -> new String[] {"kill", id};
        case RENAME -> new String[] {"rename", from, to};
        case EXEC -> new String[] {"exec", id, "/bin/true"};
        case LOOK -> new String[] {"inspect", "-f", "{{.Name}} {{.State.Status}}", id};
        case REMOVE -> new String[] {"rm", id};
        case REMOVE_BY_FORCE -> new String[] {"rm", "-f", id};
      };
    }
  }

  /** What the container is; {@link #GONE} has no name. */
  private record State(String name, String status) {
    static final State GONE = new State("", "");

    boolean runs() {
      return status.equals("running");
    }

    State is(String now) {
      return new State(name, now);
    }

    /** The answer that the container gives to {@code wish}, and what it is then. */
    Optional<State> after(Wish wish, String answer) {
      return switch (wish.does) {
        case START -> to(answer, "ok", is("running"));
        case STOP -> to(answer, "ok", runs() ? is("exited") : this);
        case KILL -> to(answer, runs() ? "ok" : "not running", this);
        case DIE -> Optional.of(runs() && answer.equals("ok") ? is("exited") : this);
        case RENAME ->
            name.equals(wish.from)
                ? to(answer, "ok", new State(wish.to, status))
                : to(answer, "none", this);
        case EXEC -> to(answer, runs() ? "ok" : "not running", this);
        case LOOK -> to(answer, "/" + name + " " + status, this);
        case REMOVE -> runs() ? to(answer, "running", this) : to(answer, "ok", GONE);
        case REMOVE_BY_FORCE -> to(answer, "ok", GONE);
      };
    }

    /**
     * Of one that is gone nobody is told anything else, but who looks may see it go; to remove it
     * by force is no mistake.
     */
    Optional<State> whenGone(Wish wish, String answer) {
      return switch (wish.does) {
        case REMOVE_BY_FORCE -> to(answer, "ok", GONE);
        case DIE -> Optional.of(GONE);
        case LOOK -> answer.endsWith(" removing") ? Optional.of(GONE) : to(answer, "none", GONE);
        default -> to(answer, "none", GONE);
      };
    }

    private static Optional<State> to(String answer, String expected, State next) {
      return answer.equals(expected) ? Optional.of(next) : Optional.empty();
    }
  }

  private static Optional<State> after(State before, Wish wish, String answer) {
    return before.equals(State.GONE) ? before.whenGone(wish, answer) : before.after(wish, answer);
  }

  private static final History.Model<State, Wish> MODEL =
      new History.Model<>() {
        @Override
        public Optional<State> after(State before, Wish wish, String answer) {
          return LinearStormsIT.after(before, wish, answer);
        }

        @Override
        public boolean mayChange(Wish wish, String answer) {
          return answer.equals("ok") && wish.does != Does.EXEC && wish.does != Does.KILL;
        }
      };

  private static String answer(Wish wish, Result result) {
    if (result.exitCode() == 0) {
      return wish.does == Does.LOOK ? result.line() : "ok";
    }
    if (wish.does == Does.EXEC && result.exitCode() == 137) {
      return "ok"; // it began, and was killed with the container
    }
    String told = result.err();
    if (told.contains("there is no such container")) {
      return "none";
    }
    if (told.contains("is not running")) {
      return "not running";
    }
    return told.contains("it is running; stop it first") ? "running" : told.strip();
  }

  private static Wish wish(SplittableRandom random, int kinds) {
    Does does = Does.values()[random.nextInt(kinds)];
    int from = random.nextInt(NAMES.size());
    int to = (from + 1 + random.nextInt(NAMES.size() - 1)) % NAMES.size();
    return does == Does.RENAME
        ? new Wish(does, NAMES.get(from), NAMES.get(to))
        : new Wish(does, "", "");
  }

  private static History<State, Wish> storm(String id, long seed, int kindsAtLast)
      throws Exception {
    History<State, Wish> history = new History<>();
    AtOnce.run(
        FIFTY,
        client -> {
          SplittableRandom random = new SplittableRandom(seed + Integer.parseInt(client));
          for (int i = 0; i < EACH; i++) {
            Wish wish = wish(random, i < EACH - 1 ? Does.REMOVE.ordinal() : kindsAtLast);
            history.call(wish.parts(), () -> answer(wish, kapsel(wish.words(id))));
          }
        });
    Wish last = new Wish(Does.LOOK, "", "");
    history.call(last, () -> answer(last, kapsel(last.words(id))));
    return history;
  }

  private static String created() {
    return kapsel("create", "--name", "one", TestRoot.reference(), "/bin/sleep", "1000")
        .ok()
        .line();
  }

  @Test
  void someOrderExplainsWhatFiftyAreAnswered() throws Exception {
    long seed = Long.getLong("kapsel.seed", System.nanoTime());
    String id = created();

    History<State, Wish> history = storm(id, seed, Does.REMOVE.ordinal());

    history.check(new State("one", "created"), MODEL);
    assertThat(history.answers()).contains("ok", "not running", "none");
    assertThat(kapsel("ps", "-aq").ok().lines()).hasSize(1);
  }

  @Test
  void someOrderExplainsItAlsoWhenSomeRemoveIt() throws Exception {
    long seed = Long.getLong("kapsel.seed", System.nanoTime());
    String id = created();

    History<State, Wish> history = storm(id, seed, Does.DIE.ordinal());

    history.check(new State("one", "created"), MODEL);
    kapsel("rm", "-f", id).ok();
    assertThat(product.containersOnDisk()).isEmpty();
  }
}
