package io.kapsel.runtime;

import io.kapsel.linux.Syscall;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.Map;

/**
 * Settings of the container's namespaces, through the launcher's own /proc: it shows to each
 * process what belongs to that process's namespaces, and nothing in the root can stand in for it.
 */
final class SysctlPlanner {
  private final Draft draft;
  private final Wanted wanted;

  SysctlPlanner(Draft draft, Wanted wanted) {
    this.draft = draft;
    this.wanted = wanted;
  }

  void plan() {
    Map<String, String> all = wanted.sysctls();
    if (all.isEmpty()) {
      return;
    }
    Steps init = draft.init;
    Slot proc = draft.slots.sharedBy("own_proc");
    init.call(
            Syscall.OPENAT,
            Flag.CWD,
            Value.text("/proc/sys"),
            Value.all(Flag.READ, Flag.DIRECTORY, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .into(proc)
        .because("to set what its namespaces have of their own");
    all.forEach(
        (name, value) -> draft.put(init, proc, name.replace('.', '/'), value, "sysctl " + name));
    draft.close(init, proc);
  }
}
