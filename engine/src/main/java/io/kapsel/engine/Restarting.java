package io.kapsel.engine;

import io.kapsel.engine.spec.RestartPolicy;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Starts a container again after its end, later and later: after a tenth of a second, then always
 * twice as long, at most a minute, and from the beginning when it has run for ten seconds. That is
 * how Docker does it.
 */
final class Restarting {
  private static final System.Logger LOG = System.getLogger(Restarting.class.getName());
  private static final Duration FIRST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final Duration STEADY = Duration.ofSeconds(10);

  private final ReentrantLock lock = new ReentrantLock();
  private Duration delay = Duration.ZERO;
  private CountDownLatch cancelled = new CountDownLatch(0);
  private volatile boolean pending;
  private volatile boolean between;

  /** Whether a policy wants another start after such an end. */
  static boolean wanted(RestartPolicy policy, ExitStatus status, StoredContainer.Restarts soFar) {
    return !soFar.stopped()
        && switch (policy.kind()) {
          case NO -> false;
          case ALWAYS, UNLESS_STOPPED -> true;
          case ON_FAILURE ->
              status.code() != 0 && (policy.most() == 0 || soFar.count() < policy.most());
        };
  }

  /**
   * Whether a policy wants a start when the engine begins.
   *
   * @param stopped whether a user has stopped it
   * @param rebooted whether the machine was started since it ran last
   */
  static boolean wantedByEngine(RestartPolicy policy, boolean stopped, boolean rebooted) {
    return switch (policy.kind()) {
      case NO, ON_FAILURE -> false;
      case ALWAYS -> rebooted || !stopped;
      case UNLESS_STOPPED -> !stopped;
    };
  }

  /**
   * The same for a container that does not run: one that the machine has cut off when it went down
   * has failed, and one that was stopped before that goes on.
   */
  static boolean wantedByEngine(StoredContainer stored, boolean rebooted) {
    RestartPolicy policy = stored.spec().restartPolicy();
    StoredContainer.Restarts soFar = stored.restartsSoFar();
    Optional<EndFacts.Cause> cause = stored.last().map(EndFacts::cause);
    boolean cutOff = rebooted && cause.filter(EndFacts.Cause.REBOOT::equals).isPresent();
    boolean wentDown = cause.filter(EndFacts.Cause.SHUTDOWN::equals).isPresent();
    return wantedByEngine(policy, soFar.stopped(), rebooted)
        || (wentDown && policy.restarts() && !soFar.stopped())
        || (cutOff && stored.exit().filter(it -> wanted(policy, it, soFar)).isPresent());
  }

  /** The record of one that is to be started again after this end, if its policy wants that. */
  static Optional<StoredContainer> after(StoredContainer ended, ExitStatus status) {
    StoredContainer.Restarts soFar = ended.restartsSoFar();
    return wanted(ended.spec().restartPolicy(), status, soFar)
        ? Optional.of(ended.restarted(new StoredContainer.Restarts(soFar.count() + 1, false)))
        : Optional.empty();
  }

  static Duration next(Duration before, Duration ran) {
    if (before.isZero() || ran.compareTo(STEADY) >= 0) {
      return FIRST;
    }
    Duration twice = before.multipliedBy(2);
    return twice.compareTo(LONGEST) > 0 ? LONGEST : twice;
  }

  private static Optional<StoredContainer> next(
      Shutdown shutdown, StoredContainer ended, ExitStatus status, EndFacts.Cause cause) {
    return cause == EndFacts.Cause.REBOOT || shutdown.begun()
        ? Optional.empty()
        : after(ended, status);
  }

  /** The end is about to be written down: if it is started again, nobody sees it ended. */
  void ending(Shutdown shutdown, StoredContainer now, ExitStatus status, EndFacts.Cause cause) {
    between = !now.spec().autoRemove() && next(shutdown, now, status, cause).isPresent();
  }

  /** What it has become, an end or a start, is written down. */
  void settled() {
    between = false;
  }

  /** Whether one that does not run waits for its next start, or is on the way to or from it. */
  boolean comesBack() {
    return pending || between;
  }

  /**
   * The same, and one that is to be started again waits from now on: nobody sees it ended. What the
   * machine cuts off waits for none: all of them are started in their order when it is back.
   */
  Optional<StoredContainer> expected(
      Shutdown shutdown, StoredContainer ended, ExitStatus status, EndFacts.Cause cause) {
    Optional<StoredContainer> next = next(shutdown, ended, status, cause);
    lock.lock();
    try {
      pending = pending || next.isPresent();
    } finally {
      lock.unlock();
    }
    return next;
  }

  /** Calls {@code start} after a while, unless that is cancelled. */
  void later(StoredContainer ended, Runnable start) {
    Duration ran =
        ended
            .startedAt()
            .flatMap(since -> ended.exit().map(it -> Duration.between(since, it.finishedAt())))
            .orElse(Duration.ZERO);
    schedule(ran, start);
  }

  /**
   * The same where a start has failed: what was in the way, such as a full disk, may go. What
   * nobody but the user can mend is not tried again.
   *
   * @return whether it is
   */
  boolean again(String id, EngineException failure, Runnable start) {
    boolean passes = failure instanceof EngineException.Failed;
    LOG.log(
        System.Logger.Level.WARNING,
        "a container cannot be started" + (passes ? " yet, which is tried again id=" : " id=") + id,
        failure);
    if (passes) {
      schedule(Duration.ZERO, start);
    }
    return passes;
  }

  private void schedule(Duration ran, Runnable start) {
    lock.lock();
    try {
      delay = next(delay, ran);
      cancelled = new CountDownLatch(1);
      pending = true;
      CountDownLatch mine = cancelled;
      Duration wait = delay;
      Thread.ofVirtual().name("restart").start(() -> await(mine, wait, start));
    } finally {
      lock.unlock();
    }
  }

  private static void await(CountDownLatch cancelled, Duration wait, Runnable start) {
    try {
      if (!cancelled.await(wait.toNanos(), TimeUnit.NANOSECONDS)) {
        start.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether the time has come; it is not waited for any longer then, and on its way. */
  boolean begin() {
    between = pending;
    return cancel();
  }

  /** Whether a start is waited for. */
  boolean pending() {
    return pending;
  }

  /** Gives a start up; whether one was waited for. */
  boolean cancel() {
    lock.lock();
    try {
      boolean was = pending;
      pending = false;
      cancelled.countDown();
      return was;
    } finally {
      lock.unlock();
    }
  }
}
