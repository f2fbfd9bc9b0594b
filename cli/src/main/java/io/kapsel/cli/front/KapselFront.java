package io.kapsel.cli.front;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.GroupCommand;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.OperandException;
import io.kapsel.cli.command.guest.ProfileCommands;
import io.kapsel.cli.command.spec.FlagException;
import io.kapsel.cli.command.spec.RunFlags;
import io.kapsel.cli.command.system.VersionCommand;
import io.kapsel.cli.config.LiveConfiguration;
import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.UsageException;
import io.kapsel.cli.server.Client;
import io.kapsel.cli.server.Front;
import io.kapsel.cli.server.Request;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.image.ImageException;
import io.kapsel.linux.SyscallException;
import io.kapsel.network.NetworkException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/** The {@code kapsel} command: words in, output and an exit code out. */
public final class KapselFront implements Front {
  private static final int USAGE = 125;
  private static final Flag<Boolean> VERSION =
      Flag.toggle('v', "version", "Print the version and quit");
  static final FlagSet GLOBAL = FlagSet.untilOperand(List.of(VERSION));

  private final Engine engine;
  private final Commands commands;

  /** The front of {@code engine}, which goes by {@code configuration}. */
  public KapselFront(Engine engine, Clock clock, LiveConfiguration configuration) {
    this.engine = engine;
    this.commands = new Commands(clock, configuration);
  }

  @Override
  public int serve(Request request, Client client) {
    try {
      Arguments global = GLOBAL.parse(request.argv().subList(1, request.argv().size()));
      if (global.is(VERSION)) {
        client.out("Kapsel version " + VersionCommand.version() + "\n");
        return 0;
      }
      if (global.is(FlagSet.HELP) || global.operands().isEmpty()) {
        client.out(commands.help());
        return 0;
      }
      return serve(request, client, global.operands());
    } catch (UsageException e) {
      client.err(
          "kapsel: "
              + e.getMessage()
              + "\n\nUsage:  kapsel [OPTIONS] COMMAND [ARG...]\n\n"
              + "See 'kapsel --help' for more information\n");
      return USAGE;
    } catch (CommandException e) {
      client.err("kapsel: " + e.getMessage() + "\n");
      return e.exitCode();
    }
  }

  /** What helps against a kernel that refuses, where that is known. */
  private static String mend(SyscallException e) {
    return e.isOutOfDescriptors()
        ? "; the engine has as many files open as it may: end some commands, or raise LimitNOFILE"
            + " of its unit"
        : "";
  }

  private int serve(Request request, Client client, List<String> words) {
    Command first = commands.find(words.getFirst());
    Optional<Command> below =
        first instanceof GroupCommand group && words.size() > 1
            ? group.find(words.get(1))
            : Optional.empty();
    return serve(
        request,
        client,
        below.orElse(first),
        words.subList(below.isPresent() ? 2 : 1, words.size()));
  }

  private static String wrong(Manual manual, RuntimeException e) {
    return "kapsel: " + e.getMessage() + "\n\nSee '" + manual.path() + " --help'\n";
  }

  private int serve(Request request, Client client, Command command, List<String> words) {
    Manual manual = command.manual();
    try {
      Arguments arguments = manual.flags().parse(words);
      if (arguments.has(RunFlags.PROFILE)) {
        List<String> all = ProfileCommands.expanded(arguments, words, engine.profiles());
        arguments = manual.flags().parse(all);
      }
      if (arguments.is(FlagSet.HELP)) {
        client.out(manual.help());
        return 0;
      }
      manual.check(arguments.operands().size());
      return command.run(new Call(engine, request, client, arguments));
    } catch (UsageException e) {
      client.err("kapsel: " + e.getMessage() + "\n" + manual.hint());
      return USAGE;
    } catch (OperandException e) {
      client.err("kapsel: " + e.getMessage() + "\n" + manual.hint());
      return 1;
    } catch (FlagException e) {
      client.err(wrong(manual, e));
      return USAGE;
    } catch (InvalidRequestException e) {
      client.err(wrong(manual, e));
      return command.failure();
    } catch (EngineException.LaunchFailed e) {
      client.err("kapsel: " + e.getMessage() + "\n");
      return e.exitCode();
    } catch (EngineException | ImageException | NetworkException e) {
      client.err("kapsel: " + e.getMessage() + "\n");
      return command.failure();
    } catch (SyscallException e) {
      client.err("kapsel: cannot " + manual.name() + ": " + e.getMessage() + mend(e) + "\n");
      return command.failure();
    }
  }
}
