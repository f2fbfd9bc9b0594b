package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.DetachKeys;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Foreground;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Streams;
import io.kapsel.cli.command.spec.SpecReader;
import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.server.Request;
import io.kapsel.engine.spec.ExecSpec;
import java.nio.file.Path;
import java.util.List;

/** {@code kapsel exec}: one more process in a running container. */
public final class ExecCommand implements Command {
  private static final Flag<Boolean> INTERACTIVE =
      Flag.toggle('i', "interactive", "Keep standard input open");
  private static final Flag<Boolean> TTY = Flag.toggle('t', "tty", "Give the process a terminal");
  private static final Flag<Boolean> DETACH = Flag.toggle('d', "detach", "Run in the background");
  private static final Flag<Boolean> PRIVILEGED =
      Flag.toggle("privileged", "Give the process nearly all rights on the host");
  private static final Flag<String> ENVIRONMENT =
      Flag.text('e', "env", "list", "Set an environment variable: NAME=value, or NAME for yours");
  private static final Flag<Path> ENVIRONMENT_FILE =
      Flag.of("env-file", "list", "Set the environment variables in this file", Path::of);
  private static final Flag<String> USER =
      Flag.text('u', "user", "string", "User and group: <name|uid>[:<group|gid>]");
  private static final Flag<String> DIRECTORY =
      Flag.text('w', "workdir", "string", "Working directory inside the container");
  private static final Manual MANUAL =
      new Manual(
          "exec",
          "[OPTIONS] CONTAINER COMMAND [ARG...]",
          "Run a command in a running container",
          "",
          FlagSet.untilOperand(
              List.of(
                  INTERACTIVE,
                  TTY,
                  DETACH,
                  PRIVILEGED,
                  ENVIRONMENT,
                  ENVIRONMENT_FILE,
                  USER,
                  DIRECTORY,
                  DetachKeys.FLAG)),
          Operands.atLeast(2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Arguments arguments = call.arguments();
    boolean detach = arguments.is(DETACH);
    boolean terminal = arguments.is(TTY);
    boolean stdin = arguments.is(INTERACTIVE) && !detach;
    ExecSpec spec = spec(arguments, call.request(), stdin);
    if (!detach) {
      Foreground.checkTerminal(call, terminal, stdin);
    }
    Engine.Running process = call.engine().container(call.operands().getFirst()).exec(spec);
    if (detach) {
      process.start();
      return 0;
    }
    return new Foreground(call, terminal, Streams.output(stdin), false).start(process).code();
  }

  static ExecSpec spec(Arguments arguments, Request request, boolean stdin) {
    List<String> operands = arguments.operands();
    return new ExecSpec(
        operands.subList(1, operands.size()),
        SpecReader.environment(
            arguments.all(ENVIRONMENT_FILE), arguments.all(ENVIRONMENT), request),
        arguments.last(DIRECTORY),
        arguments.last(USER),
        arguments.is(PRIVILEGED),
        SpecReader.stdio(request, arguments.is(TTY), stdin, stdin));
  }
}
