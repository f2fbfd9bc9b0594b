package io.kapsel.cli.front;

import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.GroupCommand;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.container.AttachCommand;
import io.kapsel.cli.command.container.CheckpointCommands;
import io.kapsel.cli.command.container.CommitCommand;
import io.kapsel.cli.command.container.ContainerPruneCommand;
import io.kapsel.cli.command.container.CopyCommand;
import io.kapsel.cli.command.container.CreateCommand;
import io.kapsel.cli.command.container.DebugCommand;
import io.kapsel.cli.command.container.DiffCommand;
import io.kapsel.cli.command.container.ExecCommand;
import io.kapsel.cli.command.container.ExplainCommand;
import io.kapsel.cli.command.container.ExportCommand;
import io.kapsel.cli.command.container.InspectCommand;
import io.kapsel.cli.command.container.KillCommand;
import io.kapsel.cli.command.container.ListCommand;
import io.kapsel.cli.command.container.LogsCommand;
import io.kapsel.cli.command.container.PauseCommand;
import io.kapsel.cli.command.container.PortCommand;
import io.kapsel.cli.command.container.RemoveCommand;
import io.kapsel.cli.command.container.RenameCommand;
import io.kapsel.cli.command.container.RestartCommand;
import io.kapsel.cli.command.container.RunCommand;
import io.kapsel.cli.command.container.StartCommand;
import io.kapsel.cli.command.container.StatsCommand;
import io.kapsel.cli.command.container.StopCommand;
import io.kapsel.cli.command.container.TopCommand;
import io.kapsel.cli.command.container.UpdateCommand;
import io.kapsel.cli.command.container.WaitCommand;
import io.kapsel.cli.command.container.WhyCommand;
import io.kapsel.cli.command.guest.AccountingCommand;
import io.kapsel.cli.command.guest.AdoptCommand;
import io.kapsel.cli.command.guest.ArriveCommand;
import io.kapsel.cli.command.guest.CloneCommand;
import io.kapsel.cli.command.guest.ConsoleCommand;
import io.kapsel.cli.command.guest.DeviceCommands;
import io.kapsel.cli.command.guest.LaunchCommand;
import io.kapsel.cli.command.guest.MoveCommand;
import io.kapsel.cli.command.guest.ProfileCommands;
import io.kapsel.cli.command.guest.ShellCommand;
import io.kapsel.cli.command.guest.SnapshotCommands;
import io.kapsel.cli.command.image.HistoryCommand;
import io.kapsel.cli.command.image.ImageCreateCommand;
import io.kapsel.cli.command.image.ImageListCommand;
import io.kapsel.cli.command.image.ImagePruneCommand;
import io.kapsel.cli.command.image.ImageRemoveCommand;
import io.kapsel.cli.command.image.ImageUsageCommand;
import io.kapsel.cli.command.image.ImportCommand;
import io.kapsel.cli.command.image.LoadCommand;
import io.kapsel.cli.command.image.LoginCommand;
import io.kapsel.cli.command.image.LogoutCommand;
import io.kapsel.cli.command.image.ManifestCommands;
import io.kapsel.cli.command.image.PullCommand;
import io.kapsel.cli.command.image.PushCommand;
import io.kapsel.cli.command.image.RegistryCommands;
import io.kapsel.cli.command.image.SaveCommand;
import io.kapsel.cli.command.image.SearchCommand;
import io.kapsel.cli.command.image.TagCommand;
import io.kapsel.cli.command.network.NetworkCreateCommand;
import io.kapsel.cli.command.network.NetworkInspectCommand;
import io.kapsel.cli.command.network.NetworkJoinCommand;
import io.kapsel.cli.command.network.NetworkListCommand;
import io.kapsel.cli.command.network.NetworkLogCommand;
import io.kapsel.cli.command.network.NetworkRemoveCommand;
import io.kapsel.cli.command.network.NetworkTraceCommand;
import io.kapsel.cli.command.system.ConfigCommand;
import io.kapsel.cli.command.system.DoctorCommand;
import io.kapsel.cli.command.system.EventsCommand;
import io.kapsel.cli.command.system.InfoCommand;
import io.kapsel.cli.command.system.MetricsCommand;
import io.kapsel.cli.command.system.ShutdownCommand;
import io.kapsel.cli.command.system.SystemPruneCommand;
import io.kapsel.cli.command.system.SystemUsageCommand;
import io.kapsel.cli.command.system.VersionCommand;
import io.kapsel.cli.command.volume.VolumeCreateCommand;
import io.kapsel.cli.command.volume.VolumeListCommand;
import io.kapsel.cli.command.volume.VolumePruneCommand;
import io.kapsel.cli.command.volume.VolumeRemoveCommand;
import io.kapsel.cli.config.LiveConfiguration;
import io.kapsel.cli.print.FlagHelp;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All commands, by name. */
final class Commands {
  private static final String EXAMPLES =
      """
      Examples:
        kapsel run --rm host: sh -c 'echo hello from $(hostname)'
        kapsel run -it --rm host: bash
        kapsel run -it --rm debian:12 bash
        kapsel run -d --name web --memory 64m dir:/srv/rootfs /bin/httpd -f -p 8080
        kapsel explain run --rm host: true
      """;

  private final Map<String, Command> all = new LinkedHashMap<>();

  Commands(Clock clock, LiveConfiguration configuration) {
    RunCommand run = new RunCommand();
    CreateCommand create = new CreateCommand();
    for (Command command :
        List.of(
            run,
            new ExecCommand(),
            new ListCommand("ps", clock),
            new LogsCommand(clock),
            new StopCommand(),
            new RemoveCommand(),
            create,
            new StartCommand(),
            new RestartCommand(),
            new KillCommand(),
            PauseCommand.pause(),
            PauseCommand.unpause(),
            PauseCommand.freeze(),
            PauseCommand.unfreeze(),
            new AttachCommand(),
            new WaitCommand(),
            new RenameCommand(),
            new UpdateCommand(),
            new TopCommand(),
            new StatsCommand(),
            new PortCommand(),
            new WhyCommand(clock),
            new InspectCommand("inspect", Optional.empty()),
            containerGroup(clock),
            new PullCommand(),
            new ImageListCommand("images", clock),
            new ImageRemoveCommand("rmi"),
            new TagCommand(),
            new HistoryCommand(clock),
            imageGroup(clock),
            networkGroup(clock),
            new PushCommand(),
            new SaveCommand(),
            new LoadCommand(),
            new ImportCommand(),
            new CopyCommand(),
            new DiffCommand(),
            new ExportCommand(),
            new CommitCommand(),
            new LoginCommand(),
            new LogoutCommand(),
            ManifestCommands.group(),
            new SearchCommand(),
            RegistryCommands.group(),
            new LaunchCommand(),
            new ShellCommand(),
            new DebugCommand(),
            new ConsoleCommand(),
            DeviceCommands.group(),
            ProfileCommands.group(),
            SnapshotCommands.group(clock),
            SnapshotCommands.restore(),
            CheckpointCommands.group(clock),
            new CloneCommand(),
            new MoveCommand(),
            new ArriveCommand(),
            new AdoptCommand(),
            new AccountingCommand(),
            volumeGroup(clock),
            new EventsCommand("events", clock),
            systemGroup(clock),
            new InfoCommand("info"),
            new ExplainCommand(),
            new DoctorCommand(),
            new ConfigCommand(configuration),
            new CompletionCommand(),
            new CompleteCommand(this),
            new VersionCommand(),
            new HelpCommand(this))) {
      all.put(command.manual().name(), command);
    }
  }

  private static Command networkGroup(Clock clock) {
    Map<String, Command> all = new LinkedHashMap<>();
    all.put("connect", NetworkJoinCommand.connect());
    all.put("create", new NetworkCreateCommand());
    all.put("disconnect", NetworkJoinCommand.disconnect());
    all.put("inspect", new NetworkInspectCommand());
    all.put("log", new NetworkLogCommand());
    all.put("ls", new NetworkListCommand());
    all.put("prune", new NetworkRemoveCommand(clock, true));
    all.put("rm", new NetworkRemoveCommand(clock, false));
    all.put("trace", new NetworkTraceCommand());
    return new GroupCommand("network", "Manage networks", all);
  }

  /** The commands of containers once more, as Docker has them. */
  private static Command containerGroup(Clock clock) {
    Map<String, Command> all = new LinkedHashMap<>();
    for (Command command :
        List.of(
            new RunCommand(),
            new ExecCommand(),
            new LogsCommand(clock),
            new StopCommand(),
            new RemoveCommand(),
            new CreateCommand(),
            new StartCommand(),
            new RestartCommand(),
            new KillCommand(),
            PauseCommand.pause(),
            PauseCommand.unpause(),
            new AttachCommand(),
            new WaitCommand(),
            new RenameCommand(),
            new UpdateCommand(),
            new TopCommand(),
            new StatsCommand(),
            new PortCommand(),
            new CopyCommand(),
            new DiffCommand(),
            new ExportCommand(),
            new CommitCommand())) {
      all.put(command.manual().name(), command);
    }
    all.put("ls", new ListCommand("container ls", clock));
    all.put("inspect", new InspectCommand("container inspect", Optional.of("container")));
    all.put("prune", new ContainerPruneCommand(clock));
    return new GroupCommand("container", "Manage containers", all);
  }

  private static Command volumeGroup(Clock clock) {
    Map<String, Command> all = new LinkedHashMap<>();
    all.put("create", new VolumeCreateCommand());
    all.put("ls", new VolumeListCommand());
    all.put("inspect", new InspectCommand("volume inspect", Optional.of("volume")));
    all.put("rm", new VolumeRemoveCommand());
    all.put("prune", new VolumePruneCommand(clock));
    return new GroupCommand("volume", "Manage volumes", all);
  }

  private static Command systemGroup(Clock clock) {
    Map<String, Command> all = new LinkedHashMap<>();
    all.put("df", new SystemUsageCommand(clock));
    all.put("events", new EventsCommand("system events", clock));
    all.put("info", new InfoCommand("system info"));
    all.put("metrics", new MetricsCommand());
    all.put("prune", new SystemPruneCommand(clock));
    all.put("shutdown", new ShutdownCommand());
    return new GroupCommand("system", "Manage Kapsel", all);
  }

  private static Command imageGroup(Clock clock) {
    Map<String, Command> all = new LinkedHashMap<>();
    all.put("ls", new ImageListCommand("image ls", clock));
    all.put("pull", new PullCommand());
    all.put("create", new ImageCreateCommand());
    all.put("rm", new ImageRemoveCommand("image rm"));
    all.put("tag", new TagCommand());
    all.put("history", new HistoryCommand(clock));
    all.put("inspect", new InspectCommand("image inspect", Optional.of("image")));
    all.put("prune", new ImagePruneCommand(clock));
    all.put("du", new ImageUsageCommand());
    all.put("push", new PushCommand());
    all.put("save", new SaveCommand());
    all.put("load", new LoadCommand());
    all.put("import", new ImportCommand());
    return new GroupCommand("image", "Manage images", all);
  }

  /** The command of that name. */
  Command find(String name) {
    Command command = all.get(name);
    if (command == null) {
      throw new CommandException(
          1, "unknown command: kapsel " + name + "\n\nSee 'kapsel --help' for more information");
    }
    return command;
  }

  /** All of them, in the order of the help. */
  List<Command> list() {
    return all.values().stream().filter(it -> !it.manual().name().startsWith("__")).toList();
  }

  /** What there is. */
  String help() {
    StringBuilder text = new StringBuilder("Usage:  kapsel [OPTIONS] COMMAND [ARG...]\n\n");
    text.append("Linux containers, explained\n\n").append(EXAMPLES).append("\nCommands:\n");
    for (Command command : list()) {
      Manual manual = command.manual();
      text.append("  %-12s%s%n".formatted(manual.name(), manual.summary()));
    }
    text.append("\nOptions:\n").append(FlagHelp.text(KapselFront.GLOBAL.flags()));
    text.append("\nSee 'kapsel COMMAND --help' for more on a command\n");
    return text.toString();
  }
}
