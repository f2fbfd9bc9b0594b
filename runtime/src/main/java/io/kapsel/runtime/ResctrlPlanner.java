package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.oci.Linux;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Shares of cache and memory bandwidth; Linux, Documentation/filesystems/resctrl.rst. */
final class ResctrlPlanner {
  static final Path POINT = Path.of("/sys/fs/resctrl");

  private final Draft draft;
  private final Wanted wanted;
  private final List<Slot> tasks = new ArrayList<>();

  ResctrlPlanner(Draft draft, Wanted wanted) {
    this.draft = draft;
    this.wanted = wanted;
  }

  /** The class of service, and the group in which it is watched. */
  void planMonitor() {
    wanted.linux().intelRdt().ifPresent(this::plan);
  }

  private void plan(Linux.IntelRdt rdt) {
    String why = "linux.intelRdt";
    String name = rdt.closId().filter(text -> !text.isEmpty()).orElse(wanted.bundle().id());
    if ((name.contains("/") && !name.equals("/")) || name.equals(".") || name.equals("..")) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED, "'linux.intelRdt.closID' is no name: '" + name + "'");
    }
    Slot top = draft.input(Input.Kind.DIRECTORY, POINT.toString(), "resctrl", why);
    Slot group = name.equals("/") ? top : directory(top, name, why);
    List<String> lines = new ArrayList<>(rdt.schemata());
    rdt.l3CacheSchema().filter(text -> !text.isEmpty()).ifPresent(lines::add);
    rdt.memBwSchema().filter(text -> !text.isEmpty()).ifPresent(lines::add);
    if (!lines.isEmpty()) {
      draft.put(draft.monitor, group, "schemata", String.join("\n", lines) + "\n", why);
    }
    tasks.add(open(group, why));
    if (rdt.enableMonitoring()) {
      Slot watched = directory(group, "mon_groups/" + wanted.bundle().id(), why);
      tasks.add(open(watched, why));
    }
  }

  private Slot directory(Slot above, String name, String why) {
    Slot slot = draft.slots.take("resctrl_group");
    draft
        .monitor
        .call(Syscall.MKDIRAT, Value.of(above), Value.text(name), Value.mode(0755))
        .tolerating(Errno.EEXIST)
        .because(why);
    draft
        .monitor
        .call(
            Syscall.OPENAT,
            Value.of(above),
            Value.text(name),
            Value.all(Flag.DIRECTORY, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .into(slot)
        .because(why);
    return slot;
  }

  private Slot open(Slot group, String why) {
    Slot slot = draft.slots.take("resctrl_tasks");
    draft
        .monitor
        .call(
            Syscall.OPENAT,
            Value.of(group),
            Value.text("tasks"),
            Value.all(Flag.WRITE, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .into(slot)
        .because(why);
    return slot;
  }

  /** In the init half, before it gives up the host's rights. */
  void join() {
    for (Slot slot : tasks) {
      draft.write(draft.init, slot, "0", "linux.intelRdt");
      draft.close(draft.init, slot);
    }
  }
}
