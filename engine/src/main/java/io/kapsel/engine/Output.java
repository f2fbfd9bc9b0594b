package io.kapsel.engine;

import java.time.Duration;
import java.util.function.Supplier;

/** What a reader of the log waits for. */
record Output(Supplier<ContainerStatus.Phase> phase, Ends ends, String name)
    implements LogReader.Source {
  @Override
  public boolean running() {
    return phase.get() == ContainerStatus.Phase.RUNNING;
  }

  @Override
  public void await(Duration limit) throws InterruptedException {
    boolean _ = ends.await(name, limit);
  }
}
