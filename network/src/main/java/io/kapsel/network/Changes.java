package io.kapsel.network;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.netlink.NetlinkSocket;
import io.kapsel.linux.nftables.Ruleset;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Hears of changes to links and rules, whoever makes them, and has them looked at soon after. */
final class Changes implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Changes.class.getName());
  private static final int LINKS = 1;
  private static final Duration TOGETHER = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private final Runnable changed;
  private final Semaphore news = new Semaphore(0);
  private final List<NetlinkSocket> sockets = new ArrayList<>();
  private volatile boolean closed;

  Changes(Runnable changed) {
    this.changed = changed;
  }

  void listen() {
    sockets.add(NetlinkSocket.route().join(LINKS));
    sockets.add(NetlinkSocket.netfilter().join(Ruleset.CHANGES));
    sockets.forEach(socket -> Thread.ofVirtual().name("network-changes").start(() -> hear(socket)));
    Thread.ofVirtual().name("network-healing").start(this::heal);
  }

  private void hear(NetlinkSocket socket) {
    while (!closed) {
      try {
        if (!socket.next(LONGEST).isEmpty()) {
          news.release();
        }
      } catch (SyscallException | CancellationException e) {
        if (!closed) {
          LOG.log(System.Logger.Level.DEBUG, "changes were missed", e);
          news.release();
        }
      }
    }
  }

  /** What comes in quick succession is looked at once. */
  private void awaitQuiet() throws InterruptedException {
    long end = System.nanoTime() + TOGETHER.toNanos();
    long left = TOGETHER.toNanos();
    while (left > 0 && news.tryAcquire(left, TimeUnit.NANOSECONDS)) {
      left = end - System.nanoTime();
    }
    int _ = news.drainPermits();
  }

  private void heal() {
    while (!closed) {
      try {
        news.acquire();
        awaitQuiet();
        if (!closed) {
          changed.run();
        }
      } catch (InterruptedException e) {
        return;
      } catch (SyscallException | NetworkException e) {
        LOG.log(System.Logger.Level.ERROR, "networks cannot be healed", e);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    news.release();
    sockets.forEach(NetlinkSocket::close);
  }
}
