package io.kapsel.engine;

import io.kapsel.engine.spec.Healthcheck;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Looks again and again whether a container works, from its start to its end. */
final class Health {
  private static final System.Logger LOG = System.getLogger(Health.class.getName());
  private static final int KEPT = 5;

  /** However often an image wants to be looked at: each look costs the host a process. */
  private static final Duration LEAST_PAUSE = Duration.ofMillis(100);

  private final Container container;
  private final Healthcheck check;
  private final Probing probing;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final long started = System.nanoTime();
  private volatile HealthStatus status = HealthStatus.UNKNOWN;

  private Health(Container container, Healthcheck check) {
    this.container = container;
    this.check = check;
    this.probing = new Probing(container, check.timeout().orElse(Healthcheck.USUAL));
  }

  static Health begin(Container container, Healthcheck check) {
    Health health = new Health(container, check);
    Thread.ofVirtual().name("health").start(health::run);
    return health;
  }

  HealthStatus status() {
    return status;
  }

  void end() {
    ended.countDown();
  }

  private void run() {
    try {
      while (!ended.await(pause().toNanos(), TimeUnit.NANOSECONDS)) {
        if (!container.status().paused()) {
          look();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.log(
          System.Logger.Level.ERROR, "health is not looked at any more id=" + container.id(), e);
    }
  }

  private boolean young() {
    Duration period = check.startPeriod().orElse(Duration.ZERO);
    return System.nanoTime() - started < period.toNanos();
  }

  private Duration pause() {
    boolean starting = status.state() == HealthStatus.State.STARTING && young();
    Duration wanted =
        starting
            ? check.startInterval().orElse(Healthcheck.USUAL_START_INTERVAL)
            : check.interval().orElse(Healthcheck.USUAL);
    return wanted.compareTo(LEAST_PAUSE) < 0 ? LEAST_PAUSE : wanted;
  }

  private void look() throws InterruptedException {
    boolean young = young();
    Instant start = Instant.now();
    Probing.Answer answer = probing.ask(check.probe().orElseThrow());
    if (ended.getCount() == 0) {
      return;
    }
    HealthStatus before = status;
    status =
        after(
            before,
            new HealthStatus.Look(start, Instant.now(), answer.code(), answer.output()),
            young,
            check.retries().orElse(Healthcheck.USUAL_RETRIES));
    if (status.state() != before.state()) {
      container.publish("health_status: " + status.state(), Map.of());
      mend(status.state());
    }
  }

  /** What one more look makes of it; failures do not count while it is young. */
  static HealthStatus after(
      HealthStatus before, HealthStatus.Look look, boolean young, int retries) {
    List<HealthStatus.Look> looks = new ArrayList<>(before.looks());
    looks.add(look);
    if (looks.size() > KEPT) {
      looks.removeFirst();
    }
    if (look.exitCode() == 0) {
      return new HealthStatus(HealthStatus.State.HEALTHY, 0, looks);
    }
    boolean counts = !young || before.state() != HealthStatus.State.STARTING;
    int failures = before.failures() + (counts ? 1 : 0);
    return new HealthStatus(
        failures >= retries ? HealthStatus.State.UNHEALTHY : before.state(), failures, looks);
  }

  private void mend(HealthStatus.State state) {
    if (state == HealthStatus.State.UNHEALTHY && check.restart()) {
      Thread.ofVirtual().name("unhealthy").start(this::restart);
    }
  }

  private void restart() {
    try {
      container.restart(Optional.empty(), Optional.empty());
    } catch (EngineException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "an unhealthy container cannot be restarted id=" + container.id(),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
