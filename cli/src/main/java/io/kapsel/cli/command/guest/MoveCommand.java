package io.kapsel.cli.command.guest;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.OperandException;
import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.Values;
import io.kapsel.cli.reach.EngineAddress;
import io.kapsel.cli.server.ClientLeft;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.MoveProgress;
import io.kapsel.engine.MoveRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** {@code kapsel move}: a container to another engine. */
public final class MoveCommand implements Command {
  private static final long TICK_MILLIS = 200;
  private static final int ROUNDS = 5;
  private static final int READY = 120;

  private static final Flag<Boolean> COPY =
      Flag.toggle("copy", "Keep the container here; the other one becomes another machine");
  private static final Flag<String> NAME =
      Flag.text("name", "string", "Name at the destination (default: the same)");
  private static final Flag<Integer> STOP_TIMEOUT =
      Flag.of("stop-timeout", "int", "Seconds to wait before it is killed", Values::seconds);
  private static final Flag<Integer> ROUNDS_MOST =
      Flag.of(
          "rounds",
          "int",
          "How often to send what has changed before the stop (default " + ROUNDS + ")",
          MoveCommand::count);
  private static final Flag<Integer> WAIT =
      Flag.of(
          "wait",
          "int",
          "Seconds to wait there until a system has booted (default " + READY + ")",
          MoveCommand::count);
  private static final Flag<Boolean> VOLUMES =
      Flag.toggle("volumes", "Send named volumes along; those of one container always go");
  private static final Flag<Boolean> BINDS =
      Flag.toggle("binds", "Let it have the same directories of the destination's host");
  private static final Flag<Boolean> NO_SNAPSHOTS =
      Flag.toggle("no-snapshots", "Leave its snapshots out; a move removes them");
  private static final Flag<String> NETWORK =
      Flag.text("network", "OLD=NEW", "Put it into NEW there where it is in OLD here");
  private static final Flag<Boolean> DRY_RUN =
      Flag.toggle("dry-run", "Find out what would be done, and what is in the way");
  private static final Flag<Boolean> QUIET = Flag.toggle('q', "quiet", "Print only the name");
  private static final Flag<Boolean> TAKE_BACK =
      Flag.toggle("take-back", "Start it here again, where it is lost at the destination");
  private static final Manual MANUAL =
      new Manual(
          "move",
          "[OPTIONS] CONTAINER [ENGINE]",
          "Move a container to another engine",
          """
          ENGINE is ssh://[USER@]HOST[:PORT], by ssh or what KAPSEL_SSH names, or the
          socket of another engine of this machine, unix:///PATH/kapsel.sock.

          What it has written is sent while it runs, again and again, each time what has
          changed. Then it is stopped, the rest is sent, it is started there and removed
          here. What goes wrong before leaves it running here. Layers of its image that the
          destination has are not sent. It gets another id; files, name and identity stay.
          """,
          FlagSet.of(
              COPY,
              NAME,
              STOP_TIMEOUT,
              ROUNDS_MOST,
              WAIT,
              VOLUMES,
              BINDS,
              NO_SNAPSHOTS,
              NETWORK,
              DRY_RUN,
              QUIET,
              TAKE_BACK),
          new Operands(1, 2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  private static int count(String text) {
    if (!text.matches("\\d{1,6}")) {
      throw new IllegalArgumentException("is no number");
    }
    return Integer.parseInt(text);
  }

  @Override
  public int run(Call call) {
    Engine.Container container = call.engine().container(call.operands().getFirst());
    if (call.arguments().is(TAKE_BACK)) {
      call.engine().takeBack(container);
    } else if (call.operands().size() < 2) {
      throw new OperandException("'move' needs a destination");
    } else {
      move(call, container, call.operands().getLast());
    }
    if (!call.arguments().is(DRY_RUN)) {
      call.print(call.operands().getFirst());
    }
    return 0;
  }

  private static void move(Call call, Engine.Container container, String destination) {
    EngineAddress address;
    try {
      address = EngineAddress.parse(destination);
    } catch (IllegalArgumentException e) {
      throw new OperandException(String.valueOf(e.getMessage()));
    }
    MoveProgress progress = new MoveProgress();
    MoveRequest request = request(call.arguments(), destination);
    FutureTask<Boolean> task =
        new FutureTask<>(() -> {
          call.engine()
              .move(container, request, address.way(call.request().environment()), progress);
          return true;
        });
    Thread _ = Thread.ofVirtual().name("move").start(task);
    await(call, task, progress);
  }

  private static MoveRequest request(Arguments arguments, String destination) {
    return new MoveRequest(
        destination,
        arguments.last(NAME),
        arguments.is(COPY),
        arguments.is(DRY_RUN),
        arguments.is(VOLUMES),
        arguments.is(BINDS),
        !arguments.is(NO_SNAPSHOTS),
        networks(arguments),
        arguments.last(ROUNDS_MOST).orElse(ROUNDS),
        arguments.last(STOP_TIMEOUT).map(Duration::ofSeconds),
        Duration.ofSeconds(arguments.last(WAIT).orElse(READY)));
  }

  private static Map<String, String> networks(Arguments arguments) {
    Map<String, String> all = new HashMap<>();
    for (String each : arguments.all(NETWORK)) {
      int equals = each.indexOf('=');
      if (equals <= 0 || equals == each.length() - 1) {
        throw new OperandException("'" + each + "' in --network is not OLD=NEW");
      }
      all.put(each.substring(0, equals), each.substring(equals + 1));
    }
    return all;
  }

  /** Who does not wait any longer ends the move, where that is still possible. */
  private static void await(Call call, FutureTask<Boolean> task, MoveProgress progress) {
    Display display = new Display(call);
    try {
      while (!call.client().waiting(() -> isDone(task))) {
        display.show(progress.take());
      }
      display.end(progress.take());
      boolean _ = task.get();
    } catch (ClientLeft e) {
      progress.cancel();
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw new EngineException.Failed(
          "move", call.operands().getFirst(), String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      progress.cancel();
      Thread.currentThread().interrupt();
    }
  }

  private static boolean isDone(FutureTask<?> task) throws InterruptedException {
    try {
      task.get(TICK_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      return false;
    } catch (ExecutionException _) {
      // taken up by whoever asks for the result
    }
    return true;
  }

  /** On a terminal there is one more line that changes: what is being done. */
  private static final class Display {
    private static final String CLEAR = "\r\u001b[K";

    private final Call call;
    private final boolean quiet;
    private final boolean terminal;
    private Optional<String> line = Optional.empty();

    Display(Call call) {
      this.call = call;
      this.quiet = call.arguments().is(QUIET);
      this.terminal =
          !quiet && !call.arguments().is(DRY_RUN) && call.request().terminals().stderr();
    }

    void show(MoveProgress.Sight sight) {
      lines(sight);
      if (terminal) {
        String now = sight.phase() + ", " + ByteSize.printDecimal(sight.sent()) + " sent";
        if (!line.equals(Optional.of(now)) || !sight.lines().isEmpty()) {
          call.client().err(CLEAR + now);
          line = Optional.of(now);
        }
      }
    }

    void end(MoveProgress.Sight sight) {
      lines(sight);
      if (line.isPresent()) {
        call.client().err(CLEAR);
      }
    }

    /** What would be done is what is asked for; what is done, is told beside. */
    private void line(String text) {
      if (call.arguments().is(DRY_RUN)) {
        call.print(text);
      } else {
        call.client().err((terminal ? CLEAR : "") + text + "\n");
      }
    }

    private void lines(MoveProgress.Sight sight) {
      if (!quiet) {
        sight.lines().forEach(this::line);
      }
    }
  }
}
