package io.kapsel.cli.server;

import io.kapsel.linux.Fd;
import io.kapsel.linux.socket.Credentials;
import java.util.function.IntConsumer;

/** The client as a command sees it: where output goes, who reads it, and who stops waiting. */
public interface Client {
  /**
   * How the client treats the stream that it is handed.
   *
   * @param output whether the client's own terminal ends lines, because the other one does not
   * @param keys which keys those are, a byte each, the first one lowest; zero for the usual ones
   */
  record Relay(
      boolean terminal,
      boolean stdin,
      boolean detachKeys,
      boolean signals,
      boolean output,
      int keys) {
    /** With a terminal whose other side ends its lines itself. */
    public Relay(boolean terminal, boolean stdin, boolean detachKeys, boolean signals) {
      this(terminal, stdin, detachKeys, signals, false, 0);
    }

    /** The flags of the frame ATTACH. */
    int flags() {
      return (terminal ? 1 : 0)
          | (stdin ? 2 : 0)
          | (detachKeys ? 4 : 0)
          | (signals ? 8 : 0)
          | (output ? 16 : 0)
          | keys << Byte.SIZE;
    }
  }

  /** Something that takes as long as it takes. */
  @FunctionalInterface
  interface Wait<T> {
    /** Waits; ends early when the thread is interrupted. */
    T await() throws InterruptedException;
  }

  /** Writes text to the client's standard output. */
  void out(String text);

  /** Writes text to the client's standard error. */
  void err(String text);

  /** Writes bytes to the client's standard output. */
  void out(byte[] bytes);

  /** Writes bytes to the client's standard error. */
  void err(byte[] bytes);

  /**
   * Hands {@code end}, which stays the caller's, to the client, which relays its standard streams
   * until it ends. A signal that finds no way through it comes to {@code onSignal}.
   */
  void attach(Relay relay, Fd end, IntConsumer onSignal);

  /**
   * Lets the client run {@code program} as its child, with {@code control} as number 3. Both stay
   * the caller's.
   *
   * @param kept how many descriptors from 3 on it passes through
   */
  void launch(Fd program, Fd control, int kept);

  /** The client's process, and whose it is. */
  Credentials peer();

  /** The client's process. */
  default int pid() {
    return peer().pid();
  }

  /** Runs {@code wait} for as long as the client wants to wait; else throws {@link ClientLeft}. */
  <T> T waiting(Wait<T> wait);

  /** Throws {@link ClientLeft} when the client does not wait any longer. */
  void check();
}
