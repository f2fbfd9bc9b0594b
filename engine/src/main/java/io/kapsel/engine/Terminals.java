package io.kapsel.engine;

/** The terminals of a running container, and the clients that are attached to it. */
public final class Terminals {
  private final Container container;

  Terminals(Container container) {
    this.container = container;
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
