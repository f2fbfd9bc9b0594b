package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Foreground;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Streams;
import io.kapsel.cli.command.image.ImageSource;
import io.kapsel.cli.command.spec.SpecReader;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.server.Request;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.FilesView;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.engine.spec.RootSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code kapsel debug}: tools beside a container that has none, in its namespaces. They are in a
 * container of their own, so that the other one is not changed: its processes, its network and its
 * memory are shared, and its files are reached by way of its first process.
 */
public final class DebugCommand implements Command {
  private static final String STOPPED = "/target";
  private static final String SHELL =
      "cd \"$TARGET\" || exit; s=$(command -v bash || command -v sh) && exec \"$s\"";
  private static final Flag<String> TOOLS =
      Flag.text("tools", "root", "Where the tools are: an image, or host: (default)");
  private static final Flag<String> USER =
      Flag.text('u', "user", "string", "Who uses them: <name|uid>[:<group|gid>] (default root)");
  private static final Manual MANUAL =
      new Manual(
          "debug",
          "[OPTIONS] CONTAINER [COMMAND] [ARG...]",
          "A shell with tools beside a container that has none",
          """
          The tools are those of this machine, or of an image. They see the processes, the
          network and the shared memory of the container, and its files at $TARGET; a
          container that does not run has only files, and those cannot be written then.
          Nothing is changed in the container itself.
          """,
          FlagSet.untilOperand(List.of(TOOLS, USER, ImageSource.PULL, ImageSource.PLATFORM)),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Engine.Container target = call.engine().container(call.operands().getFirst());
    if (target.status().phase() == Phase.RUNNING) {
      return beside(call, target);
    }
    try (FilesView files = target.view()) {
      ContainerSpecBuilder spec = tools(call, STOPPED).userns(NamespaceMode.HOST);
      MountRequest mount = new MountRequest.Bind(files.place(), STOPPED, true, false, "rprivate");
      return run(call, spec.mounts(List.of(mount)).network(NamespaceMode.OWN).build());
    }
  }

  private static int beside(Call call, Engine.Container target) {
    ContainerSpec it = target.spec();
    NamespaceMode shared = new NamespaceMode.Container(target.id());
    boolean usersOfHost = it.privileged() || it.userns() instanceof NamespaceMode.Host;
    ContainerSpecBuilder spec =
        tools(call, "/proc/" + first(target) + "/root")
            .pid(it.pid() instanceof NamespaceMode.Host ? NamespaceMode.HOST : shared)
            .ipc(it.ipc() instanceof NamespaceMode.Host ? NamespaceMode.HOST : shared)
            .network(it.network() instanceof NamespaceMode.Host ? NamespaceMode.HOST : shared)
            .userns(usersOfHost ? NamespaceMode.HOST : NamespaceMode.OWN)
            .capAdd(List.of("SYS_PTRACE"));
    return run(call, spec.build());
  }

  /** The number of its first process, as its own processes see it. */
  private static int first(Engine.Container target) {
    int pid =
        target
            .status()
            .pid()
            .orElseThrow(() ->
                new EngineException.Conflict("debug", target.name(), "it ends at this moment"));
    try {
      return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
          .filter(line -> line.startsWith("NSpid:"))
          .map(line -> line.split("\\s+"))
          .mapToInt(words -> Integer.parseInt(words[words.length - 1]))
          .findFirst()
          .orElse(1);
    } catch (IOException e) {
      throw new EngineException.Conflict("debug", target.name(), "it ends at this moment");
    }
  }

  private static ContainerSpecBuilder tools(Call call, String files) {
    Request request = call.request();
    boolean terminal = request.terminals().stdin();
    RootSource root =
        RootSource.parse(call.arguments().last(TOOLS).orElse("host:"), request.directory());
    List<String> command = new ArrayList<>(call.operands().subList(1, call.operands().size()));
    if (command.isEmpty()) {
      command.addAll(List.of("/bin/sh", "-c", SHELL));
    }
    return new ContainerSpecBuilder(root)
        .entrypoint(List.of())
        .command(command)
        .env(List.of("TARGET=" + files))
        .user(call.arguments().last(USER).orElse("0:0"))
        .autoRemove(true)
        .networks(NetworkRequest.in())
        .stdio(SpecReader.stdio(request, terminal, true, true));
  }

  private static int run(Call call, ContainerSpec spec) {
    boolean terminal = spec.stdio().terminal();
    Engine.Container tools =
        CreateCommand.create(call, spec, () -> call.engine().createToStart(spec));
    ExitStatus exit = new Foreground(call, terminal, Streams.output(true), !terminal).start(tools);
    var _ =
        call.client()
            .waiting(() -> {
              tools.awaitRemoval();
              return tools;
            });
    return exit.code();
  }
}
