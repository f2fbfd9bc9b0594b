package io.kapsel.ocicli;

import io.kapsel.base.AtomicFile;
import io.kapsel.linux.socket.UnixDatagrams;
import io.kapsel.runtime.GuestRuntime;
import io.kapsel.runtime.HookRunner;
import io.kapsel.runtime.LaunchException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;

/** {@code start}: lets the program of a created container run. */
final class StartCommand implements Command {
  private static final int KILL = 9;

  @Override
  public String name() {
    return "start";
  }

  @Override
  public String operands() {
    return "<container-id>";
  }

  @Override
  public String meaning() {
    return "start the program of a created container";
  }

  @Override
  public List<Option> options() {
    return List.of();
  }

  @Override
  public Arity arity() {
    return Arity.ONE;
  }

  @Override
  public int run(Call call) {
    Container container = call.store().find(call.id());
    Optional<Notify> notify =
        Notify.of(call, container).filter(each -> Files.isDirectory(each.directory()));
    Optional<UnixDatagrams> ready =
        notify.filter(_ -> container.status() == Status.CREATED).map(Notify::bind);
    start(call, container);
    ready.ifPresent(socket -> notify.orElseThrow().await(call, container, socket, false));
    return 0;
  }

  /** Of two who start it at once, one wins. */
  private static void start(Call call, Container container) {
    switch (container.status()) {
      case STOPPED -> throw new OciException("cannot start a container that has stopped");
      case RUNNING -> throw new OciException("cannot start an already running container");
      case PAUSED -> throw new OciException("cannot start a container in the paused state");
      case CREATED -> {
        boolean won = GuestRuntime.start(container.barrier());
        if (!won && !container.alive()) {
          throw new OciException("cannot start a container that has stopped");
        }
        if (!won) {
          throw new OciException("cannot start an already running container");
        }
      }
    }
    try {
      Files.deleteIfExists(container.barrier());
    } catch (IOException e) {
      throw new OciException("cannot remove the start socket: " + AtomicFile.reason(e), e);
    }
    if (container.mayHaveHooks()) {
      started(call, container);
    }
  }

  /** A hook that fails now ends the program. */
  private static void started(Call call, Container container) {
    try {
      new HookRunner(container.bundle(), call.caller().environment())
          .started(container.kept().pid());
    } catch (LaunchException e) {
      container.groups().signal(KILL);
      throw e;
    }
  }
}
