package io.kapsel.engine;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** All that go along with the life of containers. */
final class Companions {
  private static final System.Logger LOG = System.getLogger(Companions.class.getName());

  private final List<Companion> all = new CopyOnWriteArrayList<>();

  void add(Companion companion) {
    all.add(companion);
  }

  void starting(Container container) {
    all.forEach(each -> each.starting(container));
  }

  /** One that refuses what runs already ends it. */
  void started(Container container, Consumer<Integer> signal) {
    try {
      all.forEach(each -> each.started(container));
    } catch (EngineException e) {
      signal.accept(Stopping.KILL);
      throw e;
    }
  }

  void ended(Container container, boolean again) {
    if (!all.isEmpty()) {
      Thread.ofVirtual().name("ended").start(() -> tellEnd(container, again));
    }
  }

  private void tellEnd(Container container, boolean again) {
    for (Companion each : all) {
      try {
        each.ended(container, again);
      } catch (EngineException e) {
        LOG.log(System.Logger.Level.WARNING, "an end is not followed id=" + container.id(), e);
      }
    }
  }
}
