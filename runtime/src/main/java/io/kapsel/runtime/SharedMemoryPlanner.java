package io.kapsel.runtime;

import io.kapsel.linux.Syscall;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.Optional;

/**
 * The {@code /dev/shm} of the container whose ipc namespace is shared: POSIX shared memory lies
 * there, and would not be shared by the namespace alone.
 */
final class SharedMemoryPlanner {
  private static final String WHY = "the shared memory of another container";

  private final Draft draft;
  private final Wanted wanted;

  SharedMemoryPlanner(Draft draft, Wanted wanted) {
    this.draft = draft;
    this.wanted = wanted;
  }

  /**
   * A mount can be copied only from inside its mount namespace, so the monitor goes there and comes
   * back. Nothing in it is followed: neither a link nor a way out of its root.
   */
  Optional<Slot> ofAnother() {
    return wanted.ipcOwner("ns/mnt").filter(_ -> wanted.has("tmpfs", "/dev/shm")).map(this::copy);
  }

  private Slot copy(String path) {
    Steps monitor = draft.monitor;
    Slot there = draft.input(Input.Kind.READ, path, "mount_namespace", WHY);
    Slot back = open("/proc/self/ns/mnt", Flag.READ, "own_mount_namespace");
    monitor.call(Syscall.SETNS, Value.of(there), Flag.NEW_MOUNT).because(WHY);
    Slot root = open("/", Value.all(Flag.PATH, Flag.DIRECTORY), "other_root");
    Slot place = draft.slots.take("other_shm");
    Slot tree = draft.slots.take("shm");
    monitor
        .act(
            Step.Op.OPEN_ROOT,
            Value.of(root),
            Value.text("/dev/shm"),
            Flag.MUST_EXIST_UNLINKED,
            Flag.ZERO)
        .into(place)
        .because(WHY);
    monitor
        .call(Syscall.OPEN_TREE, Value.of(place), Value.text(""), Flag.COPY)
        .into(tree)
        .because(WHY);
    monitor.call(Syscall.SETNS, Value.of(back), Flag.NEW_MOUNT).because("back to its own tree");
    draft.close(monitor, place);
    draft.close(monitor, root);
    draft.close(monitor, back);
    return tree;
  }

  private Slot open(String path, Value.Constant flags, String label) {
    Slot slot = draft.slots.take(label);
    draft
        .monitor
        .call(
            Syscall.OPENAT,
            Flag.CWD,
            Value.text(path),
            Value.all(flags, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .into(slot)
        .because(WHY);
    return slot;
  }
}
