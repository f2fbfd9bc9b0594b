package io.kapsel.ocicli;

import io.kapsel.linux.process.Pidfd;
import io.kapsel.runtime.HookRunner;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** {@code delete}: removes what is left of a container, or all of it by force. */
final class DeleteCommand implements Command {
  private static final int KILL = 9;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @Override
  public String name() {
    return "delete";
  }

  @Override
  public String operands() {
    return "<container-id>";
  }

  @Override
  public String meaning() {
    return "remove what a container holds";
  }

  @Override
  public List<Option> options() {
    return List.of(Option.toggle("force, f", "kill it first when it runs"));
  }

  @Override
  public Arity arity() {
    return Arity.ONE;
  }

  @Override
  public int run(Call call) {
    boolean force = call.words().is("force");
    Store store = call.store();
    if (force) {
      Store.check(call.id());
      Optional<Container> found = store.read(call.id());
      if (found.isEmpty()) {
        store.sweep(call.id());
        return 0;
      }
      kill(found.get());
      destroy(call, found.get());
      return 0;
    }
    Container container = store.find(call.id());
    switch (container.status()) {
      case STOPPED -> destroy(call, container);
      case CREATED -> {
        kill(container);
        destroy(call, container);
      }
      case RUNNING, PAUSED ->
          throw new OciException(
              "cannot delete container %s that is not stopped: %s"
                  .formatted(call.id(), container.status().word()));
    }
    return 0;
  }

  private static void kill(Container container) {
    Optional<Pidfd> init = container.init();
    if (init.isEmpty()) {
      return;
    }
    try (Pidfd process = init.get()) {
      process.signal(KILL);
      if (container.groups().frozen()) {
        container.groups().freeze(false);
      }
      if (!process.await(PATIENCE)) {
        throw new OciException("container init still running");
      }
    }
  }

  /**
   * Ends what shares no pid namespace with the init, and removes all. Whoever stays with a
   * container removes it when it has ended, and so may somebody else at the same time; then the id
   * may already be that of another container.
   */
  static void destroy(Call call, Container container) {
    if (!isThere(call, container)) {
      return;
    }
    try {
      remove(call, container);
    } catch (OciException e) {
      if (isThere(call, container)) {
        throw e;
      }
    }
  }

  private static boolean isThere(Call call, Container container) {
    Kept mine = container.kept();
    return call.store()
        .read(mine.id())
        .map(Container::kept)
        .filter(now -> now.pid() == mine.pid() && now.started() == mine.started())
        .isPresent();
  }

  private static void remove(Call call, Container container) {
    Groups groups = container.groups();
    Optional<String> unit = container.kept().unit();
    if (unit.isPresent() || !groups.removeEmpty()) {
      if (!groups.processes().isEmpty()) {
        groups.signal(KILL);
      }
      unit.ifPresent(name -> Units.stop(call, name));
      groups.remove();
    }
    List<String> failures =
        container.mayHaveHooks()
            ? new HookRunner(container.bundle(), call.caller().environment()).deleted()
            : List.of();
    container.forget();
    failures.forEach(call.log()::warn);
  }
}
