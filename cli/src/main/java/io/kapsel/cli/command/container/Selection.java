package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.OperandException;
import io.kapsel.cli.flag.Flag;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.spec.Care;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/**
 * Which containers are started or stopped: those that are named, or those that filters find, in the
 * order of their starts ({@code --start-order}, those without one last).
 */
final class Selection {
  static final Flag<Boolean> ALL =
      Flag.toggle("all", "All containers, in the order of their starts");
  static final Flag<ContainerFilter> FILTER =
      Flag.of(
          "filter",
          "filter",
          "All with this label=, name=, network= and so on, as 'ps' has it, in that order",
          ContainerFilter::parse);

  private static final Comparator<Engine.Container> ORDER =
      Comparator.<Engine.Container>comparingLong(it -> care(it).startOrder().orElse(Long.MAX_VALUE))
          .thenComparing(it -> it.status().createdAt());

  private final Call call;

  Selection(Call call) {
    this.call = call;
  }

  /** Whether none is named. */
  boolean isByRule() {
    return call.arguments().is(ALL) || !call.arguments().all(FILTER).isEmpty();
  }

  /** Names of those that can be started. */
  List<String> toStart(String command) {
    return select(command, it -> !isUp(it), ORDER);
  }

  /** Names of those that can be stopped, in the opposite order. */
  List<String> toStop(String command) {
    return select(command, Selection::isUp, ORDER.reversed());
  }

  private static boolean isUp(Engine.Container container) {
    ContainerStatus status = container.status();
    return status.phase() == ContainerStatus.Phase.RUNNING || status.restarting();
  }

  private List<String> select(
      String command, Predicate<Engine.Container> can, Comparator<Engine.Container> order) {
    if (!isByRule()) {
      if (call.operands().isEmpty()) {
        throw new OperandException("'kapsel " + command + "' requires at least 1 argument");
      }
      return call.operands();
    }
    if (!call.operands().isEmpty()) {
      throw new OperandException(
          "'kapsel " + command + "' takes names of containers, or --all or --filter");
    }
    return call.engine().containers().stream()
        .filter(ContainerFilter.join(call.engine(), call.arguments().all(FILTER)))
        .filter(can)
        .sorted(order)
        .map(Engine.Container::name)
        .toList();
  }

  static Care care(Engine.Container container) {
    return container.spec().care().orElse(Care.NONE);
  }
}
