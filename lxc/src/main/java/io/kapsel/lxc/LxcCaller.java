package io.kapsel.lxc;

import io.kapsel.engine.Container;
import io.kapsel.engine.spec.ExecSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/** Whoever calls one of LXC's programs: his words, where he stands, and his terminal. */
public interface LxcCaller {
  /** The words, the name of the program first, without its directory. */
  List<String> words();

  /** Entries {@code NAME=value}. */
  List<String> environment();

  /** The working directory. */
  Path directory();

  /** Whether its standard input is a terminal. */
  boolean terminal();

  /** The size of its terminal in rows, 0: not known. */
  int rows();

  /** The size of its terminal in columns, 0: not known. */
  int columns();

  /** Writes to its standard output. */
  void out(String text);

  /** Writes to its standard error. */
  void err(String text);

  /** Lets a program run in a container with the caller's streams; its exit code. */
  int attach(Container container, ExecSpec program);

  /** Starts a container with the caller's terminal as its console; the exit code of its init. */
  default int foreground(Container container) {
    return foreground(container, container::start);
  }

  /** The same where {@code start} is what starts it. */
  int foreground(Container container, Runnable start);

  /**
   * Shows a terminal of a running container until the caller leaves it.
   *
   * @param number 0: the console, which others may have, too; negative: the first that is free
   * @param keys by which it is left, a byte each, the first one lowest
   * @param told which terminal it is
   */
  int console(Container container, int number, int keys, IntConsumer told);

  /** Waits for as long as the caller wants to wait. */
  <T> T waiting(Wait<T> wait);

  /** Something that takes as long as it takes. */
  @FunctionalInterface
  interface Wait<T> {
    /** Waits; ends early when the thread is interrupted. */
    T await() throws InterruptedException;
  }

  /** The value of an environment variable. */
  default Optional<String> variable(String name) {
    return environment().stream()
        .filter(entry -> entry.startsWith(name + "="))
        .map(entry -> entry.substring(name.length() + 1))
        .findFirst();
  }
}
