package io.kapsel.runtime.plan;

import io.kapsel.linux.Syscall;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A list of steps being written. */
public final class Steps {
  private final List<Step> all = new ArrayList<>();

  /** Empty at first. */
  public Steps() {}

  /** A system call. */
  public Step call(Syscall call, Value... arguments) {
    return add(new Step(Step.Op.SYSCALL, Optional.of(call), arguments));
  }

  /** Something else that the launcher knows. */
  public Step act(Step.Op op, Value... arguments) {
    return add(new Step(op, Optional.empty(), arguments));
  }

  /** Tells the monitor what a descriptor is for. */
  public Step role(Role role, Value value) {
    return act(Step.Op.ROLE, Value.named(role.name(), role.ordinal()), value)
        .because("the monitor's " + role.meaning());
  }

  /** The same for one of several. */
  public Step role(Role role, int index, Value value) {
    return act(Step.Op.ROLE, Value.named(role.name() + "+" + index, role.ordinal() + index), value)
        .because("the monitor's " + role.meaning());
  }

  /** What was written so far. */
  public List<Step> list() {
    return List.copyOf(all);
  }

  /** The same, which begins anew after it. */
  public List<Step> take() {
    List<Step> taken = list();
    all.clear();
    return taken;
  }

  private Step add(Step step) {
    all.add(step);
    return step;
  }
}
