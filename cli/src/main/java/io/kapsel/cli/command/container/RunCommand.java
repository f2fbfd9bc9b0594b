package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Foreground;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Streams;
import io.kapsel.cli.command.spec.RunFlags;
import io.kapsel.cli.command.spec.SpecReader;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.InvalidRequestException;

/** {@code kapsel run}: a container from nothing to its exit code. */
public final class RunCommand implements Command {
  static final String ROOTS =
      """
      ROOT is the container's root file system:
        IMAGE        an image, pulled when it is not there: debian, debian:12,
                     registry.example:5000/team/app:1, name@sha256:…, or its id
        host:        a copy-on-write view of this machine's own system, without
                     what is private to it
        dir:PATH     a directory, which stays as it is
        overlay:LOWER:UPPER
                     directories as layers of overlayfs, which stay as they are
        tar:PATH     an archive: tar, plain or with gzip, zstd or xz
      """;
  private static final int ENGINE = 125;
  private static final Manual MANUAL =
      new Manual(
          "run",
          "[OPTIONS] ROOT [COMMAND] [ARG...]",
          "Create a container and run a command in it",
          ROOTS
              + """

              The exit code is the command's own; 125 when the engine could not do it, 126
              when the command cannot be executed, 127 when there is none, and 128 and the
              number of the signal that ended it.
              """,
          FlagSet.untilOperand(RunFlags.ofRun()),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int failure() {
    return ENGINE;
  }

  @Override
  public int run(Call call) {
    boolean detach = call.arguments().is(RunFlags.DETACH);
    boolean terminal = call.arguments().is(RunFlags.TTY);
    Streams streams = Streams.of(call.arguments(), call.arguments().is(RunFlags.INTERACTIVE));
    boolean attached = !detach && streams.stdin();
    ContainerSpec spec = SpecReader.read(call.arguments(), call.request(), attached);
    if (detach) {
      InvalidRequestException.unless(
          !call.arguments().has(Streams.ATTACH),
          "conflicting options: cannot specify both --attach and --detach");
      return background(call, spec);
    }
    Foreground.checkTerminal(call, terminal, streams.stdin());
    boolean signals = call.arguments().last(RunFlags.SIGNAL_PROXY).orElse(true);
    return foreground(call, spec, new Foreground(call, terminal, streams, signals));
  }

  private static int background(Call call, ContainerSpec spec) {
    Engine.Container container =
        CreateCommand.create(call, spec, () -> call.engine().createToStart(spec));
    startOrUndo(call, container, container::start);
    call.tell(container);
    call.print(container.id());
    return 0;
  }

  private static int foreground(Call call, ContainerSpec spec, Foreground foreground) {
    Engine.Container container =
        CreateCommand.create(call, spec, () -> call.engine().createToStart(spec));
    ExitStatus[] exit = new ExitStatus[1];
    startOrUndo(call, container, () -> exit[0] = foreground.start(container));
    if (spec.autoRemove()) {
      call.client()
          .waiting(() -> {
            container.awaitRemoval();
            return container;
          });
    }
    return exit[0].code();
  }

  /** A container that never ran is of no use to who asked for its removal, nor is its name. */
  private static void startOrUndo(Call call, Engine.Container container, Runnable start) {
    try {
      call.client().check();
      start.run();
    } catch (RuntimeException e) {
      if (container.status().startedAt().isEmpty() && container.spec().autoRemove()) {
        undo(container, e);
      }
      throw e;
    }
  }

  private static void undo(Engine.Container container, RuntimeException cause) {
    try {
      container.remove(true, true);
    } catch (EngineException.NotFound _) {
      // the engine was faster
    } catch (EngineException e) {
      cause.addSuppressed(e);
    }
  }
}
