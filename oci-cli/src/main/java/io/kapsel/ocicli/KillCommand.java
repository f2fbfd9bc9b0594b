package io.kapsel.ocicli;

import io.kapsel.linux.process.Pidfd;
import io.kapsel.linux.process.Signal;
import io.kapsel.oci.Namespace;
import java.util.List;
import java.util.Optional;

/** {@code kill}: sends a signal to a container's init, or to all of its processes. */
final class KillCommand implements Command {
  private static final int KILL = 9;

  @Override
  public String name() {
    return "kill";
  }

  @Override
  public String operands() {
    return "<container-id> [signal]";
  }

  @Override
  public String meaning() {
    return "send a signal (SIGTERM) to the container's init";
  }

  @Override
  public List<Option> options() {
    return List.of(Option.toggle("all, a", "to all processes of the container"));
  }

  @Override
  public Arity arity() {
    return new Arity(1, 2);
  }

  @Override
  public int run(Call call) {
    Container container = call.store().find(call.id());
    String word = call.operands().size() > 1 ? call.operands().get(1) : "SIGTERM";
    int signal = signal(word);
    boolean all = call.words().is("all");
    Optional<Pidfd> init = container.init();
    if (init.isEmpty()) {
      if (all || (signal == KILL && sharesPids(container))) {
        container.groups().signal(signal);
        return 0;
      }
      throw new OciException("container not running");
    }
    try (Pidfd process = init.get()) {
      if (all || (signal == KILL && sharesPids(container))) {
        container.groups().signal(signal);
      } else if (!process.signal(signal)) {
        throw new OciException("container not running");
      }
      if (signal == KILL && container.groups().frozen()) {
        container.groups().freeze(false);
      }
    }
    return 0;
  }

  /** Nothing but its control group tells the processes of such a container from others. */
  static boolean sharesPids(Container container) {
    return container
        .configuration()
        .linux()
        .flatMap(linux -> linux.namespace(Namespace.Type.PID))
        .filter(namespace -> namespace.path().isEmpty())
        .isEmpty();
  }

  static int signal(String word) {
    if (word.matches("-?\\d+")) {
      int number = Integer.parseInt(word);
      if (number < 0 || number > 64) {
        throw new OciException("unknown signal \"" + word + "\"");
      }
      return number;
    }
    return Signal.parse(word)
        .map(Signal::number)
        .orElseThrow(() -> new OciException("unknown signal \"" + word + "\""));
  }
}
