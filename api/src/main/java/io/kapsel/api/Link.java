package io.kapsel.api;

import io.kapsel.linux.socket.UnixStream;

/** The way to an engine. */
interface Link extends AutoCloseable {
  /**
   * Asks it and waits for the answer.
   *
   * @throws io.kapsel.engine.EngineException when it does not do it
   */
  Answer ask(Call call, Audience audience) throws InterruptedException;

  /** Whether it is another process. */
  boolean isRemote();

  @Override
  void close();

  /** Hears what comes before the answer. */
  interface Audience {
    /** Nothing is expected. */
    Audience NOBODY = new Audience() {};

    /** A part of what was asked for. */
    default void part(Answer part) {}

    /** The other end of a program's standard streams; whoever gets it closes it. */
    default void stream(UnixStream stream) {
      stream.close();
    }
  }
}
