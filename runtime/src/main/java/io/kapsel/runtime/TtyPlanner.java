package io.kapsel.runtime;

import io.kapsel.runtime.plan.Role;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.List;

/** The terminals of a system besides its console; the monitor keeps both sides of each. */
final class TtyPlanner {
  private final Draft draft;
  private final Rooms rooms;
  private final Ttys ttys;

  TtyPlanner(Draft draft, Rooms rooms, Ttys ttys) {
    this.draft = draft;
    this.rooms = rooms;
    this.ttys = ttys;
  }

  /** After the console, so that they are pts/1 and so on. */
  void plan(Slot root) {
    List<String> names = ttys.names();
    for (int i = 0; i < names.size(); i++) {
      plan(root, names.get(i), 2 * i);
    }
  }

  private void plan(Slot root, String name, int index) {
    Steps init = draft.init;
    String why = "the terminal " + name;
    Slot master = draft.slots.take(name);
    Slot slave = StdioPlanner.openPair(init, Value.of(rooms.pts), "ptmx", master, draft, why);
    List<Slot> kept = draft.handOver(init, draft.monitor, List.of(master, slave), why);
    draft.monitor.role(Role.TTYS, index, Value.of(kept.getFirst()));
    draft.monitor.role(Role.TTYS, index + 1, Value.of(kept.getLast()));
    Slot target =
        draft.inRoot(init, root, "/dev/" + ttys.place(name), Flag.MUST_EXIST, 0, name + "_at", why);
    draft.attach(init, StdioPlanner.tree(draft, slave, why), target, why);
  }
}
