package io.kapsel.ocicli;

import java.util.List;

/** All commands, in the order of the help text. */
final class Commands {
  private Commands() {}

  static List<Command> all() {
    return List.of(
        new CheckpointCommand(),
        new CreateCommand(CreateCommand.Kind.CREATE),
        new DeleteCommand(),
        new EventsCommand(),
        new ExecCommand(),
        new FeaturesCommand(),
        new KillCommand(),
        new ListCommand(),
        new FreezeCommand(true),
        new PsCommand(),
        new RestoreCommand(),
        new FreezeCommand(false),
        new CreateCommand(CreateCommand.Kind.RUN),
        new SpecCommand(),
        new StartCommand(),
        new StateCommand(),
        new UpdateCommand());
  }
}
