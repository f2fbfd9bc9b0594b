package io.kapsel.cli.front;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;

/** {@code kapsel help}: the list of commands, or one command's own help. */
final class HelpCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "help",
          "[COMMAND]",
          "Show what kapsel, or one of its commands, can do",
          "",
          FlagSet.of(),
          new Operands(0, 1));

  private final Commands commands;

  HelpCommand(Commands commands) {
    this.commands = commands;
  }

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    if (call.operands().isEmpty()) {
      call.client().out(commands.help());
    } else {
      call.client().out(commands.find(call.operands().getFirst()).manual().help());
    }
    return 0;
  }
}
