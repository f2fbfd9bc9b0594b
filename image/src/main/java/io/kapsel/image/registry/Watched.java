package io.kapsel.image.registry;

import io.kapsel.image.tar.Flow;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A body that is given up when too little of it comes for too long. */
final class Watched extends Flow {
  private static final ScheduledExecutorService CLOCK =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("kapsel-registry-clock").factory());

  private final Limits limits;
  private final ScheduledFuture<?> check;
  private volatile long count;
  private volatile boolean reading;
  private volatile boolean stalled;
  private long before;

  Watched(InputStream body, Limits limits) {
    super(body);
    this.limits = limits;
    long millis = limits.window().toMillis();
    check = CLOCK.scheduleWithFixedDelay(this::look, millis, millis, TimeUnit.MILLISECONDS);
  }

  private void look() {
    long now = count;
    boolean slow = reading && now - before < limits.leastBytes();
    before = now;
    if (slow) {
      stalled = true;
      Thread.ofVirtual().start(this::close);
    }
  }

  @Override
  public int read(byte[] bytes, int from, int length) throws IOException {
    reading = true;
    try {
      return super.read(bytes, from, length);
    } catch (IOException e) {
      throw stalled ? new IOException("the registry sends too little", e) : e;
    } finally {
      reading = false;
    }
  }

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // one reader; the clock only looks
  protected void seen(byte[] bytes, int from, int got) {
    count += got;
  }

  @Override
  public void close() {
    check.cancel(false);
    try {
      super.close();
    } catch (IOException _) {
      // it is over in any case
    }
  }
}
