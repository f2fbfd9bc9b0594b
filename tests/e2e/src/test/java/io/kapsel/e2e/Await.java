package io.kapsel.e2e;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for what another process does, with a deadline. */
final class Await {
  private static final long STEP_NANOS = 10_000_000;

  private Await() {}

  static void until(String what, BooleanSupplier condition) {
    until(Duration.ofSeconds(10), () -> what, condition);
  }

  /** {@code what} is asked only when the time is over, so it can say what was there instead. */
  static void until(Duration limit, Supplier<String> what, BooleanSupplier condition) {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("waited " + limit.toSeconds() + " s in vain: " + what.get());
      }
      LockSupport.parkNanos(STEP_NANOS);
    }
  }
}
