package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.oci.Spec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** All that go along with the life of containers. */
final class Companions {
  private static final System.Logger LOG = System.getLogger(Companions.class.getName());

  private final List<Companion> all = new CopyOnWriteArrayList<>();
  private final List<Consumer<Container>> guards = new CopyOnWriteArrayList<>();

  /** What is called after an end goes before what is called at the next start. */
  private final Map<String, CompletableFuture<Void>> ends = new ConcurrentHashMap<>();

  void add(Companion companion) {
    all.add(companion);
  }

  /** Asks this before every start, before all others; what it throws prevents it. */
  void guard(Consumer<Container> each) {
    guards.add(each);
  }

  void starting(Container container) {
    guards.forEach(each -> each.accept(container));
    Optional.ofNullable(ends.get(container.id())).ifPresent(CompletableFuture::join);
    all.forEach(each -> each.starting(container));
  }

  boolean amends(ContainerSpec spec) {
    return all.stream().anyMatch(each -> each.amends(spec));
  }

  Spec amended(ContainerSpec spec, Path root, Spec configuration) {
    Spec result = configuration;
    for (Companion each : all) {
      result = each.amends(spec) ? each.amended(spec, root, result) : result;
    }
    return result;
  }

  void joined(Container container, int pid) {
    all.forEach(each -> each.joined(container, pid));
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
      CompletableFuture<Void> done = new CompletableFuture<>();
      ends.put(container.id(), done);
      Thread.ofVirtual().name("ended").start(() -> tellEnd(container, again, done));
    }
  }

  /** Waits until all have followed an end, at most that long. */
  void awaitEnd(String id, Duration limit) throws InterruptedException {
    try {
      Void _ =
          ends.getOrDefault(id, CompletableFuture.completedFuture(null))
              .get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.log(System.Logger.Level.WARNING, "an end is still being followed id=" + id);
    }
  }

  private void tellEnd(Container container, boolean again, CompletableFuture<Void> done) {
    try {
      tellEnd(container, again);
    } finally {
      ends.remove(container.id(), done);
      done.complete(null);
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
