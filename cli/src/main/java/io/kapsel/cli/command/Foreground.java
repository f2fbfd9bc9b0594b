package io.kapsel.cli.command;

import io.kapsel.cli.server.Client;
import io.kapsel.cli.server.ClientLeft;
import io.kapsel.cli.server.ClientLeft.Departure;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.ExitStatus;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.UnixStream;

/**
 * A client that stays with a process: its standard streams are the process's, its exit code too.
 *
 * <p>The two talk over a socket pair, one end at the process's monitor and one at the client, so
 * the engine is not in the way of their bytes and may end and come back meanwhile.
 *
 * @param signals whether what signals the client is meant for the process
 * @param keys by which the client leaves, as {@link DetachKeys} has them
 */
public record Foreground(Call call, boolean terminal, Streams streams, boolean signals, int keys) {
  private static final System.Logger LOG = System.getLogger(Foreground.class.getName());

  /** With the keys that the caller has named to leave by. */
  public Foreground(Call call, boolean terminal, Streams streams, boolean signals) {
    this(call, terminal, streams, signals, DetachKeys.of(call.arguments()));
  }

  /** Refuses to give a terminal to a process when the client's input is none. */
  public static void checkTerminal(Call call, boolean terminal, boolean stdin) {
    if (terminal && stdin && !call.request().terminals().stdin()) {
      throw new CommandException(1, "the input device is not a TTY");
    }
  }

  /** Attaches, starts, and waits for the end. */
  public ExitStatus start(Engine.Running process) {
    return start(process, process::start);
  }

  /** The same where it is started in another way. */
  public ExitStatus start(Engine.Running process, Runnable start) {
    return hold(
        process,
        process.nextEnd(),
        () -> {
          start.run();
          call.tell(process);
        });
  }

  /** Attaches to what runs already, and waits for the end. */
  public ExitStatus join(Engine.Running process) {
    return hold(process, process::await, () -> {});
  }

  private ExitStatus hold(Engine.Running process, Client.Wait<ExitStatus> end, Runnable start) {
    Runnable again = () -> attachAgain(process);
    attach(process, start);
    process.onOtherMonitor(again);
    try {
      return call.client().waiting(end);
    } finally {
      process.forget(again);
    }
  }

  private void attach(Engine.Running process, Runnable start) {
    UnixStream.Pair pair = UnixStream.pair();
    try (Fd clients = pair.other()) {
      try (Fd monitors = pair.stream().fd()) {
        process.attach(monitors, streams.stdin(), streams.stdout(), streams.stderr());
      }
      start.run();
      handOver(process, clients);
    }
  }

  /** To the monitor that is in the place of one that was killed. */
  private void attachAgain(Engine.Running process) {
    try {
      attach(process, () -> {});
    } catch (ClientLeft | EngineException | SyscallException e) {
      LOG.log(System.Logger.Level.DEBUG, "a client is not attached again", e);
    }
  }

  /** An interrupt that comes between start and attachment is for the process, like all others. */
  private void handOver(Engine.Running process, Fd clients) {
    boolean proxied = signals && !terminal;
    boolean stdin = streams.stdin();
    Client.Relay relay = new Client.Relay(terminal, stdin, terminal && stdin, proxied, false, keys);
    try {
      call.client().attach(relay, clients, number -> pass(process, proxied, number));
    } catch (ClientLeft e) {
      if (proxied && e.departure() == Departure.SIGNALLED) {
        process.signal(e.signal());
      }
      throw e;
    }
  }

  private static void pass(Engine.Running process, boolean proxied, int number) {
    if (proxied) {
      process.signal(number);
    }
  }
}
