package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.List;

/**
 * Where the engine runs hooks between the mounts of a container and its program ({@code
 * createRuntime}): as root of the host, in the container's mount namespace. So for that long the
 * host's files are there, with the container's root at a place among them, and the init half waits.
 * The place is opened by the monitor, as the container's root may not look for it.
 */
final class MountHookPlanner {
  private static final String WHY = "hooks are programs of the host";

  private final Draft draft;
  private final Wanted wanted;

  MountHookPlanner(Draft draft, Wanted wanted) {
    this.draft = draft;
    this.wanted = wanted;
  }

  /** The host's files, the place among them, and the channel to the engine; nothing: no hooks. */
  List<Slot> planMonitor() {
    if (!HookPlanner.seeMounts(wanted)) {
      return List.of();
    }
    Slot tree = draft.input(Input.Kind.TREE_RECURSIVE, "/", "host", WHY);
    draft.attributes(draft.monitor, tree, MountOptions.PLAIN, "hooks do not mount on the host");
    RootFilesystem.Overlay root = (RootFilesystem.Overlay) wanted.bundle().root();
    Slot place =
        draft.inRoot(
            draft.monitor,
            tree,
            root.place().toString(),
            Flag.MUST_EXIST,
            0,
            "place",
            "hooks find the root there");
    Slot channel = draft.input(Input.Kind.CHANNEL, "hooks", "channel", "the engine runs them");
    return List.of(tree, place, channel);
  }

  /** Without hooks the root stands in the launcher's own tree. */
  void attach(Slot root, List<Slot> taken) {
    String why = "the root, still beside the old one";
    if (taken.isEmpty()) {
      draft.attach(draft.init, root, Flag.CWD, "/newroot", why);
      return;
    }
    draft.attach(draft.init, taken.getFirst(), Flag.CWD, "/", WHY);
    draft.attach(draft.init, root, taken.get(1), why);
    draft.close(draft.init, taken.get(1));
  }

  /** Everything is mounted: the engine is told, and answers when its hooks have ended well. */
  void pause(List<Slot> taken) {
    if (taken.isEmpty()) {
      return;
    }
    Steps init = draft.init;
    Slot channel = taken.getLast();
    draft.write(init, channel, "m", "everything is mounted");
    Slot count = draft.slots.sharedBy("count");
    Blob room = Blob.room(1, "answer");
    String why = "hooks have ended well";
    init.call(Syscall.READ, Value.of(channel), Value.at(room), Value.of(1))
        .into(count)
        .because(why);
    init.act(
            Step.Op.EXPECT,
            Value.of(count),
            Value.of(1),
            Value.named("~0", -1),
            Value.named("ECANCELED", Errno.ECANCELED.number()))
        .because(why);
    draft.close(init, channel);
    draft.close(init, taken.getFirst());
  }
}
