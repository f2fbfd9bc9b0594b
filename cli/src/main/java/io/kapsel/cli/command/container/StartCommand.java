package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.DetachKeys;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Foreground;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Streams;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** {@code kapsel start}: containers that were made, or that have ended. */
public final class StartCommand implements Command {
  private static final Flag<Boolean> ATTACH =
      Flag.toggle('a', "attach", "Stay with the container: its output and its exit code");
  private static final Flag<Boolean> INTERACTIVE =
      Flag.toggle('i', "interactive", "Give it your standard input as well");
  private static final Flag<Boolean> SIGNAL_PROXY =
      Flag.toggle("sig-proxy", "Pass signals on to the process (default true)");
  private static final Flag<String> CHECKPOINT =
      Flag.text("checkpoint", "string", "Go on where it was frozen into that checkpoint");
  private static final Manual MANUAL =
      new Manual(
          "start",
          "[OPTIONS] CONTAINER [CONTAINER...]",
          "Start one or more containers",
          """
          With --all or --filter in the order of their starts (--start-order), and each
          after the time that the one before it asks for (--start-delay).
          """,
          FlagSet.of(
              ATTACH,
              INTERACTIVE,
              SIGNAL_PROXY,
              DetachKeys.FLAG,
              CHECKPOINT,
              CheckpointCommands.DIRECTORY,
              Selection.ALL,
              Selection.FILTER),
          Operands.atLeast(0));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    boolean stdin = call.arguments().is(INTERACTIVE);
    Optional<String> checkpoint = call.arguments().last(CHECKPOINT);
    Selection selection = new Selection(call);
    List<String> names = selection.toStart("start");
    checkCheckpoint(call, names, checkpoint);
    if (call.arguments().is(ATTACH) || stdin) {
      return attached(call, names, stdin, checkpoint);
    }
    Pause pause = new Pause(call, selection.isByRule());
    return call.forEach(
        names,
        container -> {
          pause.await();
          start(call, container, checkpoint);
          pause.next(Selection.care(container).startDelaySeconds());
        });
  }

  /** The time between two starts, where they have an order. */
  private static final class Pause {
    private final Call call;
    private final boolean ordered;
    private int seconds = 0;

    Pause(Call call, boolean ordered) {
      this.call = call;
      this.ordered = ordered;
    }

    void await() {
      if (ordered && seconds > 0) {
        boolean _ =
            call.client().waiting(() -> new CountDownLatch(1).await(seconds, TimeUnit.SECONDS));
      }
    }

    void next(int wanted) {
      seconds = wanted;
    }
  }

  private static void checkCheckpoint(Call call, List<String> names, Optional<String> checkpoint) {
    if (checkpoint.isPresent() && names.size() > 1) {
      throw new CommandException(1, "you cannot restore multiple containers at once");
    }
    if (checkpoint.isEmpty() && CheckpointCommands.directory(call).isPresent()) {
      throw new CommandException(1, "--checkpoint-dir needs --checkpoint");
    }
  }

  private static void start(Call call, Engine.Container container, Optional<String> checkpoint) {
    if (checkpoint.isPresent()) {
      container.checkpoints().start(checkpoint.get(), CheckpointCommands.directory(call));
    } else {
      container.start();
    }
  }

  private static int attached(
      Call call, List<String> names, boolean stdin, Optional<String> checkpoint) {
    if (names.size() != 1) {
      throw new CommandException(1, "you cannot start and attach multiple containers at once");
    }
    Engine.Container container = call.engine().container(names.getFirst());
    boolean terminal = container.spec().stdio().terminal();
    boolean input = stdin && container.spec().stdio().openStdin();
    Foreground.checkTerminal(call, terminal, input);
    boolean signals = call.arguments().last(SIGNAL_PROXY).orElse(true);
    return new Foreground(call, terminal, Streams.output(input), signals)
        .start(container, () -> start(call, container, checkpoint))
        .code();
  }
}
