package io.kapsel.bench;

import io.kapsel.engine.Container;
import io.kapsel.engine.EngineConfig;
import io.kapsel.engine.Kapsel;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.RootSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/** Launches by the Java API in a warm engine, beside the floor program. */
final class Launches {
  private static final int AT_ONCE = 4;
  private static final int POOL = 4;
  private static final int WARM_UP = 400;
  private static final long REFILL_NANOS = 15_000_000;

  private final Places places;
  private final ContainerSpec spec;

  Launches(Places places) {
    this.places = places;
    this.spec =
        new ContainerSpecBuilder(new RootSource.Directory(places.root()))
            .command(List.of("/true"))
            .autoRemove(true)
            .build();
  }

  List<Figure> measure(int rounds) {
    try (Tool floor = places.floor();
        Kapsel cold = open("cold", 0);
        Kapsel pooled = open("pooled", POOL)) {
      warmUp(cold);
      warmUp(pooled);
      for (int i = 0; i < WARM_UP / 4; i++) {
        floor.ask();
      }
      for (int i = 0; i < rounds; i++) {
        places.samples("launch-floor").add(floor.ask());
        places.samples("launch-cold").add(launch(cold));
        LockSupport.parkNanos(REFILL_NANOS);
        places.samples("launch-pooled").add(launch(pooled));
      }
      parallel(cold, Math.max(3, rounds / 100));
    }
    return List.of(
        Figure.atMost(
            "launch-cold",
            "launch against the floor, cold",
            against("launch-cold"),
            1.3,
            medians("launch-cold")),
        Figure.atMost(
            "launch-pooled",
            "launch against the floor, with the pool",
            against("launch-pooled"),
            0.8,
            medians("launch-pooled")),
        Figure.atLeast(
            "parallel",
            "launches per second, four at once, against the floor",
            rate(),
            0.8,
            rates()));
  }

  private Kapsel open(String name, int pool) {
    EngineConfig own =
        EngineConfig.of(
            places.home().resolve(name + "-state"), places.home().resolve(name + "-run"));
    return Kapsel.open(
        new EngineConfig(own.state(), own.run(), pool, Duration.ofMinutes(1), own.logLimitBytes()));
  }

  private void warmUp(Kapsel kapsel) {
    for (int i = 0; i < WARM_UP; i++) {
      launch(kapsel);
    }
  }

  /** Microseconds from create to exit observed; the removal comes after. */
  private double launch(Kapsel kapsel) {
    try {
      long begin = System.nanoTime();
      Container container = kapsel.run(spec);
      container.await();
      double taken = (System.nanoTime() - begin) / 1e3;
      container.awaitRemoval();
      return taken;
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Launches per second of each side, in turn: four floor programs, four threads. */
  private void parallel(Kapsel kapsel, int rounds) {
    List<Tool> floors = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
      for (int i = 0; i < AT_ONCE; i++) {
        floors.add(places.floor());
      }
      for (int i = 0; i < rounds; i++) {
        places.samples("parallel-floor").add(perSecond(threads, at -> floors.get(at).ask()));
        places.samples("parallel-kapsel").add(perSecond(threads, at -> launch(kapsel)));
      }
    } finally {
      floors.forEach(Tool::close);
    }
  }

  /** One launch of the worker with this number. */
  private interface Worker {
    double launch(int at);
  }

  private static double perSecond(ExecutorService threads, Worker worker) {
    int each = 50;
    long begin = System.nanoTime();
    List<Future<Integer>> ends = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      int at = i;
      Callable<Integer> loop =
          () -> {
            for (int n = 0; n < each; n++) {
              worker.launch(at);
            }
            return each;
          };
      ends.add(threads.submit(loop));
    }
    int done = 0;
    for (Future<Integer> end : ends) {
      done += join(end);
    }
    return done / ((System.nanoTime() - begin) / 1e9);
  }

  private static int join(Future<Integer> end) {
    try {
      return end.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("a launch has failed", e);
    }
  }

  private double against(String name) {
    return places.samples(name).median() / places.samples("launch-floor").median();
  }

  private String medians(String name) {
    return "%s ms to %s ms"
        .formatted(
            Figure.text(places.samples(name).median() / 1000),
            Figure.text(places.samples("launch-floor").median() / 1000));
  }

  private double rate() {
    return places.samples("parallel-kapsel").median() / places.samples("parallel-floor").median();
  }

  private String rates() {
    return "%d to %d per second"
        .formatted(
            Math.round(places.samples("parallel-kapsel").median()),
            Math.round(places.samples("parallel-floor").median()));
  }
}
