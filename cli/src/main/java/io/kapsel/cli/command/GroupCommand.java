package io.kapsel.cli.command;

import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A word under which other commands stand, such as {@code kapsel image}. */
public final class GroupCommand implements Command {
  private final Map<String, Command> commands = new LinkedHashMap<>();
  private final Manual manual;
  private final Optional<Command> itself;

  /** A command that also stands alone, without one of these words after it. */
  public GroupCommand(Command itself, Map<String, Command> commands) {
    this.commands.putAll(commands);
    this.itself = Optional.of(itself);
    Manual own = itself.manual();
    manual =
        new Manual(
            own.name(),
            own.synopsis(),
            own.summary(),
            own.details() + "\n" + list(commands),
            own.flags(),
            own.operands());
  }

  public GroupCommand(String name, String summary, Map<String, Command> commands) {
    this.commands.putAll(commands);
    this.itself = Optional.empty();
    manual =
        new Manual(
            name,
            "COMMAND [ARG...]",
            summary,
            list(commands),
            FlagSet.untilOperand(List.of()),
            Operands.SOME);
  }

  private static String list(Map<String, Command> commands) {
    StringBuilder text = new StringBuilder("Commands:\n");
    commands.forEach(
        (word, command) -> text.append("  %-12s%s%n".formatted(word, command.manual().summary())));
    return text.toString();
  }

  @Override
  public Manual manual() {
    return manual;
  }

  /** Whether it is a command without one of the words below it, too. */
  public boolean standsAlone() {
    return itself.isPresent();
  }

  /** The command of that name below this one. */
  public Optional<Command> find(String word) {
    String name =
        switch (word) {
          case "list", "ps" -> "ls";
          case "remove" -> "rm";
          default -> word;
        };
    return Optional.ofNullable(commands.get(word))
        .or(() -> Optional.ofNullable(commands.get(name)));
  }

  /** The words that may follow, with what they do. */
  public Map<String, Command> commands() {
    return Collections.unmodifiableMap(commands);
  }

  @Override
  public int run(Call call) {
    if (itself.isPresent()) {
      return itself.get().run(call);
    }
    throw new CommandException(
        1,
        "unknown command: "
            + manual.path()
            + " "
            + call.operands().getFirst()
            + "\n\nSee '"
            + manual.path()
            + " --help' for more information");
  }
}
