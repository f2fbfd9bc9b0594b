package io.kapsel.cli.server;

import io.kapsel.cli.server.ClientLeft.Departure;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.Credentials;
import io.kapsel.linux.socket.UnixStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One client from its request to its exit code.
 *
 * <p>Two threads meet here: the one that does what was asked, and the {@link Listening} one that
 * hears when the client leaves. A departure never stops work halfway: it ends waits, and is thrown
 * where the work writes, waits or checks the next time. An interrupt outside of a wait is answered
 * at once, so that the user is not kept by work that cannot be cut short.
 */
final class Conversation implements Client {
  private static final int REFUSED = 125;

  private final UnixStream stream;
  private final FrameWriter writer;
  private final ReentrantLock departing = new ReentrantLock();
  private @Nullable ClientLeft departed;
  private @Nullable Thread waiter;
  private @Nullable IntConsumer signals;

  Conversation(UnixStream stream) {
    this.stream = stream;
    this.writer = new FrameWriter(stream);
  }

  /** Lets {@code front} do what the client asks, and answers with the exit code. */
  void hold(Request request, Front front) {
    Thread listener = Thread.ofVirtual().name("client-listener").start(new Listening(stream, this));
    try {
      exit(front.serve(request, this));
    } catch (ClientLeft e) {
      if (e.departure() != Departure.VANISHED) {
        exit(e.exitCode());
      }
    } finally {
      stream.close();
      listener.interrupt();
    }
  }

  /**
   * Answers what is no request that can be served, and reads the rest of it: a client that is hung
   * up on while it writes does not get to read why.
   */
  void refuse(String reason) {
    writer.write(Frame.STDERR, ("kapsel: " + reason + "\n").getBytes(StandardCharsets.UTF_8));
    exit(REFUSED);
    stream.shutdownOutput();
    byte[] rest = new byte[Frame.LONGEST];
    while (stream.read(rest, 0, rest.length) >= 0) {}
  }

  private void exit(int code) {
    writer.finish(code);
  }

  @Override
  public void out(String text) {
    write(Frame.STDOUT, text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void err(String text) {
    write(Frame.STDERR, text.getBytes(StandardCharsets.UTF_8));
    if (waiter == Thread.currentThread()) {
      writer.flush(); // what is told of a wait is of use while it lasts
    }
  }

  @Override
  public void out(byte[] bytes) {
    write(Frame.STDOUT, bytes);
  }

  @Override
  public void err(byte[] bytes) {
    write(Frame.STDERR, bytes);
  }

  private void write(int type, byte[] bytes) {
    check();
    writer.write(type, bytes);
  }

  @Override
  public void attach(Relay relay, Fd end, IntConsumer onSignal) {
    departing.lock();
    try {
      check();
      signals = onSignal;
    } finally {
      departing.unlock();
    }
    writer.attach(relay, end);
  }

  @Override
  public void launch(Fd program, Fd control, int kept) {
    check();
    writer.launch(kept, program, control);
  }

  @Override
  public Credentials peer() {
    return stream.peer();
  }

  @Override
  public <T> T waiting(Wait<T> wait) {
    writer.flush();
    departing.lock();
    try {
      check();
      waiter = Thread.currentThread();
    } finally {
      departing.unlock();
    }
    try {
      return wait.await();
    } catch (InterruptedException | RuntimeException e) {
      check(); // what an interrupt made of the wait is nobody's business
      throw e instanceof RuntimeException other
          ? other
          : new IllegalStateException("a wait was interrupted, but not by the client", e);
    } finally {
      endWait();
    }
  }

  private void endWait() {
    departing.lock();
    try {
      waiter = null;
      // An interrupt that came too late for the wait must not hit what follows it.
      Thread.interrupted();
    } finally {
      departing.unlock();
    }
  }

  @Override
  public void check() {
    departing.lock();
    try {
      if (departed != null) {
        throw departed;
      }
      if (writer.broken()) {
        throw new ClientLeft(Departure.VANISHED);
      }
    } finally {
      departing.unlock();
    }
  }

  /** The client got a signal: it goes to the container when there is one, else it ends the wait. */
  void signalled(int signal) {
    IntConsumer container;
    departing.lock();
    try {
      container = signals;
    } finally {
      departing.unlock();
    }
    if (container != null) {
      container.accept(signal);
    } else {
      depart(ClientLeft.signalled(signal));
    }
  }

  /** The client does not wait any longer. */
  void depart(ClientLeft reason) {
    boolean hurry = false;
    departing.lock();
    try {
      if (departed != null) {
        return;
      }
      departed = reason;
      if (waiter != null) {
        waiter.interrupt();
      } else {
        hurry = reason.departure() == Departure.SIGNALLED;
      }
    } finally {
      departing.unlock();
    }
    if (hurry) {
      exit(reason.exitCode());
    }
  }

  /** Ends the listening and the waiting because the engine itself ends. */
  void close() {
    depart(new ClientLeft(Departure.VANISHED));
    try {
      stream.shutdownInput();
    } catch (SyscallException _) {
      // it has ended by itself
    }
  }
}
