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
import java.util.Optional;

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
          "",
          FlagSet.of(
              ATTACH,
              INTERACTIVE,
              SIGNAL_PROXY,
              DetachKeys.FLAG,
              CHECKPOINT,
              CheckpointCommands.DIRECTORY),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    boolean stdin = call.arguments().is(INTERACTIVE);
    Optional<String> checkpoint = call.arguments().last(CHECKPOINT);
    checkCheckpoint(call, checkpoint);
    if (call.arguments().is(ATTACH) || stdin) {
      return attached(call, stdin, checkpoint);
    }
    return call.forEach(container -> start(call, container, checkpoint));
  }

  private static void checkCheckpoint(Call call, Optional<String> checkpoint) {
    if (checkpoint.isPresent() && call.operands().size() > 1) {
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

  private static int attached(Call call, boolean stdin, Optional<String> checkpoint) {
    if (call.operands().size() > 1) {
      throw new CommandException(1, "you cannot start and attach multiple containers at once");
    }
    Engine.Container container = call.engine().container(call.operands().getFirst());
    boolean terminal = container.spec().stdio().terminal();
    boolean input = stdin && container.spec().stdio().openStdin();
    Foreground.checkTerminal(call, terminal, input);
    boolean signals = call.arguments().last(SIGNAL_PROXY).orElse(true);
    return new Foreground(call, terminal, Streams.output(input), signals)
        .start(container, () -> start(call, container, checkpoint))
        .code();
  }
}
