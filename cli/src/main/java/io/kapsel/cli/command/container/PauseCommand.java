package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import java.util.function.Consumer;

/** {@code kapsel pause} and {@code kapsel unpause}. */
public final class PauseCommand implements Command {
  private final Manual manual;
  private final Consumer<Engine.Container> action;

  private PauseCommand(String name, String summary, Consumer<Engine.Container> action) {
    this.manual =
        new Manual(name, "CONTAINER [CONTAINER...]", summary, "", FlagSet.of(), Operands.SOME);
    this.action = action;
  }

  public static Command pause() {
    return new PauseCommand(
        "pause",
        "Stop all processes of one or more containers where they are",
        Engine.Container::pause);
  }

  public static Command unpause() {
    return new PauseCommand(
        "unpause", "Let the processes of one or more containers go on", Engine.Container::unpause);
  }

  /** What LXC calls it. */
  public static Command freeze() {
    return new PauseCommand("freeze", "The same as pause", Engine.Container::pause);
  }

  /** What LXC calls it. */
  public static Command unfreeze() {
    return new PauseCommand("unfreeze", "The same as unpause", Engine.Container::unpause);
  }

  @Override
  public Manual manual() {
    return manual;
  }

  @Override
  public int run(Call call) {
    return call.forEach(action);
  }
}
