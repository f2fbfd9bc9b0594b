package io.kapsel.engine;

import io.kapsel.base.JsonException;
import io.kapsel.linux.SyscallException;
import io.kapsel.runtime.LaunchException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What an engine finds on disk of the containers of those before it. All of it is read before
 * anything is changed: where a newer version has written, this one does not begin at all.
 */
final class Recovery {
  private static final System.Logger LOG = System.getLogger(Recovery.class.getName());

  private record Damaged(String id, String reason) {}

  private final List<String> halfMade = new ArrayList<>();
  private final List<Damaged> damaged = new ArrayList<>();
  private final List<StoredContainer> whole = new ArrayList<>();

  private Recovery() {}

  /**
   * Reads all records.
   *
   * @throws EngineException.Refused when a newer version has written one
   */
  static Recovery read(ContainerStore store) {
    Recovery found = new Recovery();
    for (String id : store.ids()) {
      try {
        if (store.isWhole(id)) {
          found.whole.add(store.load(id));
        } else {
          found.halfMade.add(id);
        }
      } catch (IOException | JsonException | IllegalArgumentException e) {
        found.damaged.add(new Damaged(id, String.valueOf(e.getMessage())));
      }
    }
    return found;
  }

  /** Clears away what is half made, puts aside what is damaged, and takes over the others. */
  void apply(Kapsel engine, Consumer<StoredContainer> take) {
    for (String id : halfMade) {
      LOG.log(System.Logger.Level.INFO, "a half-made container is removed id={0}", id);
      attempt(id, () -> clear(engine, id));
    }
    for (Damaged each : damaged) {
      attempt(each.id(), () -> putAside(engine, each));
    }
    for (StoredContainer each : whole) {
      attempt(each.id(), () -> take.accept(each));
    }
  }

  private static void clear(Kapsel engine, String id) {
    engine.runtime.remove(id);
    engine.store.remove(id);
  }

  /** What cannot be put aside stays where it is, for the next engine to try again. */
  private static void putAside(Kapsel engine, Damaged each) {
    engine.runtime.remove(each.id());
    engine.store.quarantine(each.id(), each.reason());
  }

  /** What goes wrong with one container keeps the engine from none of the others. */
  private static void attempt(String id, Runnable step) {
    try {
      step.run();
    } catch (LaunchException | EngineException | SyscallException e) {
      LOG.log(System.Logger.Level.ERROR, "a container cannot be recovered id=" + id, e);
    }
  }
}
