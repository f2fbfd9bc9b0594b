package io.kapsel.cli.command;

import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.FlagSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A word under which other commands stand, such as {@code kapsel image}. */
final class GroupCommand implements Command {
  private final Map<String, Command> commands = new LinkedHashMap<>();
  private final Manual manual;

  GroupCommand(String name, String summary, Map<String, Command> commands) {
    this.commands.putAll(commands);
    StringBuilder details = new StringBuilder("Commands:\n");
    commands.forEach((word, command) ->
        details.append("  %-10s%s%n".formatted(word, command.manual().summary())));
    manual =
        new Manual(
            name,
            "COMMAND [ARG...]",
            summary,
            details.toString(),
            FlagSet.untilOperand(List.of()),
            Operands.SOME);
  }

  @Override
  public Manual manual() {
    return manual;
  }

  @Override
  public int run(Call call) {
    String word = call.operands().getFirst();
    Command command = commands.get(word);
    if (command == null) {
      throw new CommandException(
          1,
          "unknown command: "
              + manual.path()
              + " "
              + word
              + "\n\nSee '"
              + manual.path()
              + " --help' for more information");
    }
    Manual own = command.manual();
    Arguments arguments = own.flags().parse(call.operands().subList(1, call.operands().size()));
    if (arguments.is(FlagSet.HELP)) {
      call.client().out(own.help());
      return 0;
    }
    own.check(arguments.operands().size());
    return command.run(new Call(call.engine(), call.request(), call.client(), arguments));
  }
}
