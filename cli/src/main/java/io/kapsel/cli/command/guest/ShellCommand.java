package io.kapsel.cli.command.guest;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Foreground;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Streams;
import io.kapsel.cli.command.spec.SpecReader;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.server.Request;
import io.kapsel.engine.spec.ExecSpec;
import java.util.List;
import java.util.Optional;

/** {@code kapsel shell}: the login shell of a user of a running container. */
public final class ShellCommand implements Command {
  /** The shell that the user has in the container's own list of users. */
  private static final String LOGIN =
      """
      while IFS=: read -r name _ uid _ _ home shell <&3; do
        [ "$name" = "$1" ] || [ "$uid" = "$1" ] || continue
        cd "$home" 2>/dev/null || cd /
        export HOME="$home" USER="$name" LOGNAME="$name" SHELL="${shell:-/bin/sh}"
        exec "${shell:-/bin/sh}" -l 3<&-
      done 3</etc/passwd
      exec /bin/sh -l\
      """;

  private static final Flag<String> USER = Flag.text('u', "user", "string", "Whose (default root)");
  private static final Manual MANUAL =
      new Manual(
          "shell",
          "[OPTIONS] CONTAINER",
          "Log in to a running container",
          "",
          FlagSet.of(USER),
          Operands.ONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Request request = call.request();
    boolean terminal = request.terminals().stdin();
    Optional<String> user = call.arguments().last(USER);
    ExecSpec spec =
        new ExecSpec(
            List.of("/bin/sh", "-c", LOGIN, "sh", user.orElse("root")),
            List.of(),
            Optional.empty(),
            user,
            false,
            SpecReader.stdio(request, terminal, true, true));
    Engine.Running shell = call.engine().container(call.operands().getFirst()).exec(spec);
    return new Foreground(call, terminal, Streams.output(true), false).start(shell).code();
  }
}
