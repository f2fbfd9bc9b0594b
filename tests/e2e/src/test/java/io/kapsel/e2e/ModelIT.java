package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Random commands against what a few lines say that they do, with engines that are killed between
 * them. {@code -Dkapsel.seed=N} repeats a run; the seed is in each failure.
 */
class ModelIT extends EndToEnd {
  private static final List<String> NAMES = List.of("one", "two", "three");
  private static final Duration TIME = Duration.ofSeconds(45);
  private static final int MOST = 400;

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

  @Test
  void theEngineDoesWhatTheModelSays() {
    long seed = Long.getLong("kapsel.seed", System.nanoTime());
    SplittableRandom random = new SplittableRandom(seed);
    Model model = new Model();
    List<String> history = new ArrayList<>();
    long end = System.nanoTime() + TIME.toNanos();
    for (int i = 0; i < MOST && System.nanoTime() < end; i++) {
      Action action = Action.values()[random.nextInt(Action.values().length)];
      String name = NAMES.get(random.nextInt(NAMES.size()));
      String other = NAMES.get(random.nextInt(NAMES.size()));
      if (!model.sensible(action, name) || action == Action.END_ENGINE && random.nextInt(3) > 0) {
        continue;
      }
      history.add(action + " " + name + (action == Action.RENAME ? " " + other : ""));
      if (action == Action.END_ENGINE) {
        product.killEngine();
      }
      boolean expected = model.apply(action, name, other);
      Result result = kapsel(words(action, name, other));
      String where = "seed " + seed + ": " + history + "\n" + result;
      assertThat(result.exitCode() == 0).as(where).isEqualTo(expected);
      assertThat(
              kapsel("ps", "-a", "--format", "{{.Names}} {{.State}}").ok().lines().stream()
                  .sorted())
          .as(where)
          .containsExactlyElementsOf(model.lines());
    }
  }
}
