package io.kapsel.ocicli;

import io.kapsel.linux.Fd;
import io.kapsel.linux.socket.UnixStream;
import io.kapsel.runtime.Client;
import io.kapsel.runtime.ContainerProcess;
import java.util.List;

/**
 * A caller that stays with the program: its signals go there, its exit code comes from there, and
 * where the program has a terminal the caller's is the other side of it.
 */
final class Foreground implements AutoCloseable {
  private final boolean terminal;
  private final Fd callers;
  private final Fd monitors;

  Foreground(boolean terminal) {
    UnixStream.Pair pair = UnixStream.pair();
    this.terminal = terminal;
    this.callers = pair.other();
    this.monitors = pair.stream().fd();
  }

  /** For the launch. */
  List<Client> clients() {
    return List.of(new Client(monitors, terminal, terminal, false));
  }

  /** Waits for the end of the program and returns its exit code. */
  int await(Caller caller, ContainerProcess process) {
    monitors.close();
    caller.attach(callers, terminal, process::signal);
    callers.close();
    return caller.waiting(process::await).code();
  }

  @Override
  public void close() {
    monitors.close();
    callers.close();
  }
}
