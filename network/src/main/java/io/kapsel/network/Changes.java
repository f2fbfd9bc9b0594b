package io.kapsel.network;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.netlink.Links;
import io.kapsel.linux.netlink.NetlinkReply;
import io.kapsel.linux.netlink.NetlinkSocket;
import io.kapsel.linux.nftables.Ruleset;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.function.Predicate;

/**
 * Hears of changes to links and rules, and has them looked at: soon after somebody else has changed
 * rules or removed a link that is in use, and else every few seconds as long as something changes.
 * Each start of a container changes both, and must not wait for a look at all of them.
 */
final class Changes implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Changes.class.getName());
  private static final int LINKS = 1;
  private static final Duration TOGETHER = Duration.ofMillis(100);
  private static final Duration SELDOM = Duration.ofSeconds(2);
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private final Runnable changed;
  private final Predicate<String> used;
  private final IntSupplier own;
  private final Semaphore news = new Semaphore(0);
  private final Semaphore haste = new Semaphore(0);
  private final List<NetlinkSocket> sockets = new ArrayList<>();
  private volatile boolean closed;

  /**
   * With whom to tell.
   *
   * @param used whether a container or a network needs a link of that name
   * @param own the number of the socket by which this engine changes rules
   */
  Changes(Runnable changed, Predicate<String> used, IntSupplier own) {
    this.changed = changed;
    this.used = used;
    this.own = own;
  }

  void listen() {
    int mine = own.getAsInt(); // rules were made before
    listen(NetlinkSocket.route().join(LINKS), it -> Links.removed(it).filter(used).isPresent());
    listen(NetlinkSocket.netfilter().join(Ruleset.CHANGES), it -> it.port() != mine);
    Thread.ofVirtual().name("network-healing").start(this::heal);
  }

  private void listen(NetlinkSocket socket, Predicate<NetlinkReply> urgent) {
    sockets.add(socket);
    Thread.ofVirtual().name("network-changes").start(() -> hear(socket, urgent));
  }

  private void hear(NetlinkSocket socket, Predicate<NetlinkReply> urgent) {
    while (!closed) {
      try {
        List<NetlinkReply> told = socket.next(LONGEST);
        if (!told.isEmpty()) {
          tell(told.stream().anyMatch(urgent));
        }
      } catch (SyscallException | CancellationException e) {
        if (!closed) {
          LOG.log(System.Logger.Level.DEBUG, "changes were missed", e);
          tell(true);
        }
      }
    }
  }

  private void tell(boolean urgent) {
    if (urgent) {
      haste.release();
    }
    news.release();
  }

  /** What comes in quick succession is looked at once. */
  private void awaitQuiet() throws InterruptedException {
    if (haste.tryAcquire(SELDOM.toMillis(), TimeUnit.MILLISECONDS)) {
      long end = System.nanoTime() + TOGETHER.toNanos();
      long left = TOGETHER.toNanos();
      while (left > 0 && haste.tryAcquire(left, TimeUnit.NANOSECONDS)) {
        left = end - System.nanoTime();
      }
    }
    int _ = haste.drainPermits();
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
    tell(true);
    sockets.forEach(NetlinkSocket::close);
  }
}
