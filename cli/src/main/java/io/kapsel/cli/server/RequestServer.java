package io.kapsel.cli.server;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.UnixListener;
import io.kapsel.linux.socket.UnixStream;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;

/**
 * Serves the clients of one socket, each on a virtual thread.
 *
 * <p>Nobody can make it use more than it has set aside: there are at most {@link Limits#clients} at
 * once, their requests together are at most {@link Limits#bytes} long, and a client that connects
 * and then says nothing is hung up on.
 */
public final class RequestServer implements AutoCloseable {
  /**
   * What clients may take.
   *
   * @param patience how long a client may take to say what it wants
   */
  public record Limits(int clients, int bytes, Duration patience) {
    /** What suits a host with some thousand containers. */
    public static final Limits USUAL = new Limits(1024, 32 << 20, Duration.ofSeconds(10));
  }

  private static final System.Logger LOG = System.getLogger(RequestServer.class.getName());
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final Duration NEXT_LOOK = Duration.ofSeconds(1);
  private static final int INTERNAL_ERROR = 125;

  private final UnixListener listener;
  private final Front front;
  private final IntPredicate admitted;
  private final Limits limits;
  private final Semaphore places;
  private final Semaphore bytes;
  private final Set<Conversation> open = ConcurrentHashMap.newKeySet();
  private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, daemon());
  private volatile boolean closed;
  private volatile long lastEnd = System.nanoTime();

  /** A server of {@code front}; {@code admitted} tells which users may ask. */
  public RequestServer(UnixListener listener, Front front, IntPredicate admitted, Limits limits) {
    this.listener = listener;
    this.front = front;
    this.admitted = admitted;
    this.limits = limits;
    this.places = new Semaphore(limits.clients());
    this.bytes = new Semaphore(limits.bytes());
    timer.setRemoveOnCancelPolicy(true);
  }

  private static java.util.concurrent.ThreadFactory daemon() {
    return Thread.ofPlatform().daemon().name("kapsel-timer").factory();
  }

  /** Takes connections until {@link #close}. */
  public void run() {
    while (!closed) {
      try {
        accept(UnixStream.of(listener.accept()));
      } catch (SyscallException e) {
        if (closed) {
          return;
        }
        LOG.log(Level.ERROR, "cannot accept a client: {0}", String.valueOf(e.getMessage()));
        LockSupport.parkNanos(PAUSE_NANOS); // out of descriptors: wait for some to be closed
      } catch (CancellationException _) {
        return;
      }
    }
  }

  private void accept(UnixStream stream) {
    Conversation conversation = new Conversation(stream);
    if (!places.tryAcquire()) {
      // Not on this thread: whoever does not read must not keep others from being heard.
      Thread.ofVirtual().start(() -> turnAway(conversation, stream));
      return;
    }
    open.add(conversation);
    Thread.ofVirtual().name("client").start(() -> serve(conversation, stream));
  }

  private void turnAway(Conversation conversation, UnixStream stream) {
    ScheduledFuture<?> hangUp = hangUpLater(stream);
    try (stream) {
      conversation.refuse("the engine serves " + limits.clients() + " clients and takes no more");
    } finally {
      hangUp.cancel(false);
    }
  }

  private void serve(Conversation conversation, UnixStream stream) {
    ScheduledFuture<?> hangUp = hangUpLater(stream);
    try (stream) {
      if (admitted.test(stream.peer().uid())) {
        listen(conversation, stream, hangUp);
      } else {
        conversation.refuse("permission denied: the engine takes commands only from root");
      }
    } catch (SyscallException | CancellationException e) {
      LOG.log(Level.DEBUG, "a client has gone: {0}", String.valueOf(e.getMessage()));
    } finally {
      hangUp.cancel(false);
      lastEnd = System.nanoTime();
      open.remove(conversation);
      places.release();
    }
  }

  /** By shutdown and not by close: the number must stay ours while we read from it. */
  private ScheduledFuture<?> hangUpLater(UnixStream stream) {
    return timer.schedule(
        () -> hangUp(stream), limits.patience().toMillis(), TimeUnit.MILLISECONDS);
  }

  private static void hangUp(UnixStream stream) {
    try {
      stream.shutdownInput();
    } catch (SyscallException e) {
      LOG.log(Level.DEBUG, "a client has gone: {0}", String.valueOf(e.getMessage()));
    }
  }

  private void listen(Conversation conversation, UnixStream stream, ScheduledFuture<?> hangUp) {
    int taken = 0;
    try {
      byte[] fixed = new byte[RequestHeader.SIZE];
      if (!stream.readFully(fixed, 0, fixed.length)) {
        return;
      }
      RequestHeader header = RequestHeader.parse(fixed);
      if (!bytes.tryAcquire(header.length())) {
        throw new ProtocolException("the engine has too many long requests at once; try again");
      }
      taken = header.length();
      byte[] body = new byte[taken];
      if (stream.readFully(body, 0, taken)) {
        Request request = header.body(body, stream.peer().pid());
        hangUp.cancel(false);
        conversation.hold(request, this::serve);
      }
    } catch (ProtocolException e) {
      conversation.refuse(String.valueOf(e.getMessage()));
    } finally {
      bytes.release(taken);
    }
  }

  /** A front's own fault is told to the client and to the operator; it ends no other request. */
  private int serve(Request request, Client client) {
    try {
      return front.serve(request, client);
    } catch (ClientLeft e) {
      throw e;
    } catch (RuntimeException | Error e) {
      LOG.log(Level.ERROR, "a request failed in a way that the engine does not know", e);
      client.err("kapsel: the engine has failed: " + e + "; its log says more\n");
      return INTERNAL_ERROR;
    }
  }

  /** Runs {@code action} once no client has come for {@code limit} and nothing else is needed. */
  public void whenIdle(Duration limit, BooleanSupplier dispensable, Runnable action) {
    lookLater(limit, limit, dispensable, action);
  }

  private void lookLater(
      Duration pause, Duration limit, BooleanSupplier dispensable, Runnable action) {
    ScheduledFuture<?> _ =
        timer.schedule(
            () -> {
              Duration left = limit.minus(idle());
              if (left.isPositive() || !dispensable.getAsBoolean()) {
                lookLater(left.isPositive() ? left : NEXT_LOOK, limit, dispensable, action);
              } else {
                action.run();
              }
            },
            pause.toMillis() + 1,
            TimeUnit.MILLISECONDS);
  }

  private Duration idle() {
    return open.isEmpty() ? Duration.ofNanos(System.nanoTime() - lastEnd) : Duration.ZERO;
  }

  /** Takes no more clients, ends all waits, and gives the rest {@code patience} to end. */
  public void drain(Duration patience) {
    close();
    open.forEach(Conversation::close);
    long end = System.nanoTime() + patience.toNanos();
    while (!open.isEmpty() && System.nanoTime() < end) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  @Override
  public void close() {
    closed = true;
    listener.close();
  }
}
