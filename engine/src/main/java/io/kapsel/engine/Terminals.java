package io.kapsel.engine;

import io.kapsel.engine.spec.Ttys;
import io.kapsel.linux.Fd;
import io.kapsel.runtime.Client;

/** The terminals of a running container, and the clients that are attached to it. */
public final class Terminals {
  private final Container container;

  Terminals(Container container) {
    this.container = container;
  }

  /**
   * Lets a client use a terminal of a system, 0: the console, a negative number: the first that
   * nobody has.
   *
   * @param alone whether nobody else may have it
   * @return which one it is
   */
  public int attach(Fd stream, int number, boolean alone) {
    container.checkRunning("attach to");
    int there = container.spec().stdio().ttys().map(Ttys::count).orElse(0);
    if (number > there || (number < 0 && there == 0)) {
      throw new EngineException.Invalid(
          "attach to",
          container.name(),
          there == 0 ? "it has no terminal but the console, 0" : "its terminals are 0 to " + there);
    }
    return container
        .process()
        .orElseThrow()
        .attach(new Client(stream, true, true, true), number, alone)
        .orElseThrow(() -> busy(number));
  }

  private EngineException busy(int number) {
    String which = number < 0 ? "all its terminals are" : "its terminal " + number + " is";
    return new EngineException.Conflict("attach to", container.name(), which + " in use");
  }

  /** What is to be done when its monitor was killed: the next one knows of no client. */
  public void onOtherMonitor(Runnable action) {
    container.process().ifPresent(each -> each.onOtherMonitor(action));
  }

  /** Takes that back. */
  public void forget(Runnable action) {
    container.process().ifPresent(each -> each.forget(action));
  }
}
