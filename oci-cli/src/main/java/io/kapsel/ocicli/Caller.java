package io.kapsel.ocicli;

import io.kapsel.linux.Fd;
import io.kapsel.runtime.Guest;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/** Whoever calls the runtime: his words, where he stands, and what he can be asked to do. */
public interface Caller extends Guest.Host {
  /** The words, the name that the runtime was called by first. */
  List<String> words();

  /** The value of an environment variable. */
  Optional<String> variable(String name);

  /** The process, which waits until it is answered. */
  int pid();

  @Override
  default boolean sharesIds() {
    return Places.sharesIds(pid());
  }

  /** The working directory. */
  Path directory();

  /** The size of its terminal in rows, 0: not known. */
  int rows();

  /** The size of its terminal in columns, 0: not known. */
  int columns();

  /** Writes to its standard output. */
  void out(String text);

  /** Writes to its standard error. */
  void err(String text);

  /** Lets it relay its signals, and its terminal if there is one, until {@code end} ends. */
  void attach(Fd end, boolean terminal, IntConsumer onSignal);

  /** Waits for as long as the caller wants to wait. */
  <T> T waiting(Wait<T> wait);

  /** Something that takes as long as it takes. */
  @FunctionalInterface
  interface Wait<T> {
    /** Waits; ends early when the thread is interrupted. */
    T await() throws InterruptedException;
  }
}
