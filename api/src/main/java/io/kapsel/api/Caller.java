package io.kapsel.api;

import io.kapsel.linux.Fd;

/** Who asks a {@link Service}. */
public interface Caller {
  /** Something that takes as long as it takes. */
  @FunctionalInterface
  interface Wait<T> {
    /** Waits; ends early when the thread is interrupted. */
    T await() throws InterruptedException;
  }

  /** Takes a part of the answer. */
  void part(Object part);

  /** Takes the other end of a program's standard streams, which stays the service's. */
  void attach(Fd end);

  /** Runs {@code wait} for as long as the caller wants to wait. */
  <T> T waiting(Wait<T> wait) throws InterruptedException;
}
