package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.ActionChainArbitrary;
import net.jqwik.api.state.Transformer;

/**
 * Random commands against what a few lines say that they do, with engines that are killed between
 * them. A failure shows the shortest commands that lead to it; the next run begins with it.
 */
class ModelIT extends EndToEnd {
  private static final List<String> NAMES = List.of("one", "two", "three");

  private enum State {
    CREATED,
    RUNNING,
    PAUSED,
    EXITED;

    boolean lives() {
      return this == RUNNING || this == PAUSED;
    }
  }

  private enum Action {
    CREATE,
    START,
    STOP,
    KILL,
    PAUSE,
    UNPAUSE,
    RESTART,
    EXEC,
    RENAME,
    REMOVE,
    REMOVE_BY_FORCE,
    WAIT,
    END_ENGINE
  }

  /** What there is, and whether a command is to succeed. */
  private static final class Model {
    private final Map<String, State> states = new TreeMap<>();

    boolean apply(Action action, String name, String other) {
      State now = states.get(name);
      return switch (action) {
        case CREATE -> now == null && become(name, State.CREATED);
        case START -> now != null && now != State.PAUSED && become(name, State.RUNNING);
        case STOP -> now != null && (!now.lives() || become(name, State.EXITED));
        case KILL -> now != null && now.lives() && become(name, State.EXITED);
        case PAUSE -> now == State.RUNNING && become(name, State.PAUSED);
        case UNPAUSE -> now == State.PAUSED && become(name, State.RUNNING);
        case RESTART -> now != null && become(name, State.RUNNING);
        case EXEC -> now == State.RUNNING;
        case RENAME -> now != null && !states.containsKey(other) && rename(name, other);
        case REMOVE -> now != null && !now.lives() && states.remove(name) != null;
        case REMOVE_BY_FORCE -> now == null || states.remove(name) != null;
        case WAIT -> now == State.EXITED;
        case END_ENGINE -> true;
      };
    }

    private boolean become(String name, State state) {
      states.put(name, state);
      return true;
    }

    private boolean rename(String name, String other) {
      states.put(other, states.remove(name));
      return true;
    }

    /** Waiting for one that is not going to end would take for ever. */
    boolean sensible(Action action, String name) {
      State now = states.get(name);
      return action != Action.WAIT || now == null || now == State.EXITED;
    }

    List<String> lines() {
      return states.entrySet().stream()
          .map(each ->
              each.getKey() + " " + each.getValue().name().toLowerCase(java.util.Locale.ROOT))
          .toList();
    }
  }

  private static String[] words(Action action, String name, String other) {
    return switch (action) {
      case CREATE ->
          new String[] {"create", "--name", name, TestRoot.reference(), "/bin/sleep", "1000"};
      case START -> new String[] {"start", name};
      case STOP -> new String[] {"stop", "-t", "0", name};
      case KILL -> new String[] {"kill", name};
      case PAUSE -> new String[] {"pause", name};
      case UNPAUSE -> new String[] {"unpause", name};
      case RESTART -> new String[] {"restart", "-t", "0", name};
      case EXEC -> new String[] {"exec", name, "/bin/true"};
      case RENAME -> new String[] {"rename", name, other};
      case REMOVE -> new String[] {"rm", name};
      case REMOVE_BY_FORCE -> new String[] {"rm", "-f", name};
      case WAIT -> new String[] {"wait", name};
      case END_ENGINE -> new String[] {"version"};
    };
  }

  /** An engine that is asked, and what it should answer. */
  private static final class Asked {
    private final Model model = new Model();

    Asked() {
      product.removeAll();
    }

    void ask(Action action, String name, String other) {
      if (!model.sensible(action, name)) {
        return;
      }
      if (action == Action.END_ENGINE) {
        product.killEngine();
      }
      boolean expected = model.apply(action, name, other);
      Result result = kapsel(words(action, name, other));
      assertThat(result.exitCode() == 0).as(result.toString()).isEqualTo(expected);
      assertThat(
              kapsel("ps", "-a", "--format", "{{.Names}} {{.State}}").ok().lines().stream()
                  .sorted())
          .as(result.toString())
          .containsExactlyElementsOf(model.lines());
    }

    @Override
    public String toString() {
      return String.join(", ", model.lines());
    }
  }

  @BeforeContainer
  static void start() {
    startFresh();
  }

  @AfterContainer
  static void end() {
    leavesNothing();
  }

  @Property(tries = 12, edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.BOUNDED)
  void theEngineDoesWhatTheModelSays(@ForAll("commands") ActionChain<Asked> commands) {
    commands.run();
  }

  @Provide
  ActionChainArbitrary<Asked> commands() {
    return ActionChain.startWith(Asked::new)
        .withAction(30, new Commands(Arbitraries.of(Action.class).filter(ModelIT::isCommand)))
        .withAction(1, new Commands(Arbitraries.just(Action.END_ENGINE)))
        .withMaxTransformations(32);
  }

  private static boolean isCommand(Action action) {
    return action != Action.END_ENGINE;
  }

  private record Commands(Arbitrary<Action> actions)
      implements net.jqwik.api.state.Action.Independent<Asked> {
    @Override
    public Arbitrary<Transformer<Asked>> transformer() {
      Arbitrary<String> names = Arbitraries.of(NAMES);
      return Combinators.combine(actions, names, names)
          .as((action, name, other) ->
              Transformer.mutate(
                  String.join(" ", words(action, name, other)),
                  asked -> asked.ask(action, name, other)));
    }
  }
}
