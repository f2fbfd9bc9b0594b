package io.kapsel.cli.command;

import io.kapsel.engine.ExitStatus;
import io.kapsel.linux.Fd;
import java.util.List;
import java.util.function.IntConsumer;

/** One of a system's terminals, for a client that stays with it as long as the system runs. */
public final class TerminalOf implements Engine.Running {
  private final Engine.Container container;
  private final boolean alone;
  private final IntConsumer told;
  private int number;
  private boolean said;

  /**
   * That of a number, 0: the console, a negative one: the first that nobody has.
   *
   * @param alone whether nobody else may have it
   * @param told which one it is
   */
  public TerminalOf(Engine.Container container, int number, boolean alone, IntConsumer told) {
    this.container = container;
    this.number = number;
    this.alone = alone;
    this.told = told;
  }

  @Override
  public void attach(Fd end, boolean stdin, boolean stdout, boolean stderr) {
    number = container.attachTerminal(end, number, alone);
    if (!said) {
      said = true;
      told.accept(number);
    }
  }

  @Override
  public void start() {
    // it runs already
  }

  @Override
  public void signal(int signal) {
    container.signal(signal);
  }

  @Override
  public ExitStatus await() throws InterruptedException {
    return container.await();
  }

  @Override
  public List<String> notices() {
    return List.of();
  }

  @Override
  public void onOtherMonitor(Runnable action) {
    container.onOtherMonitor(action);
  }

  @Override
  public void forget(Runnable action) {
    container.forget(action);
  }
}
