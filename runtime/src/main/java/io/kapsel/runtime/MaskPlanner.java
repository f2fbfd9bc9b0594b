package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.oci.Namespace;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.List;

/**
 * Hides paths, and makes others read-only. What is put over them comes from our own private /dev
 * and from an empty file system, never from the image.
 */
final class MaskPlanner {
  private final Draft draft;
  private final Wanted wanted;
  private final Rooms rooms;

  MaskPlanner(Draft draft, Wanted wanted, Rooms rooms) {
    this.draft = draft;
    this.wanted = wanted;
    this.rooms = rooms;
  }

  /** Those in /proc and /sys, which exist before there is a root. */
  void plan() {
    if (!wanted.linux().maskedPaths().isEmpty()) {
      rooms.empty =
          draft.filesystem(
              draft.init,
              "tmpfs",
              "empty",
              Flag.STRICT,
              "hides directories",
              "nr_inodes=1",
              "mode=755");
      draft.attach( // some kernels copy only what is attached; and it is gone with the old root
          draft.init, rooms.empty, Flag.CWD, "/stage/empty", "hides directories");
    }
    for (String path : masked()) {
      Slot base = base(path);
      if (base.isThere()) {
        mask(draft.init, base, below(path));
      }
    }
    for (String path : wanted.linux().readonlyPaths()) {
      Slot base = base(path);
      if (keepsNetwork(path) && base.isThere()) {
        makeReadOnlyButTheNetwork(base);
      } else if (base.isThere()) {
        makeReadOnly(draft.init, base, below(path));
      }
    }
  }

  private boolean keepsNetwork(String path) {
    return path.equals("/proc/sys")
        && wanted.bundle().system()
        && wanted.own(Namespace.Type.NETWORK);
  }

  /** All others, once the root is there. */
  void planOthers(Steps steps, Slot root) {
    masked().stream()
        .filter(path -> !base(path).isThere())
        .forEach(path -> mask(steps, root, path));
    wanted.linux().readonlyPaths().stream()
        .filter(path -> !base(path).isThere())
        .forEach(path -> makeReadOnly(steps, root, path));
  }

  private List<String> masked() {
    return wanted.linux().maskedPaths().stream().distinct().toList();
  }

  private Slot base(String path) {
    if (path.startsWith("/proc/")) {
      return rooms.proc;
    }
    return path.startsWith("/sys/") ? rooms.sys : Draft.NONE;
  }

  private static String below(String path) {
    return path.substring(path.indexOf('/', 1));
  }

  /**
   * A file is covered by the null device; a directory, which that does not fit, by the empty one.
   */
  private void mask(Steps steps, Slot root, String path) {
    String why = "hidden";
    Slot target = draft.slots.sharedBy("target");
    steps
        .act(Step.Op.OPEN_ROOT, Value.of(root), Value.text(path), Flag.MUST_EXIST, Flag.ZERO)
        .into(target)
        .tolerating(Errno.ENOENT, Errno.ENOTDIR)
        .elseSkipping(5)
        .because(why);
    copyOf(steps, rooms.dev, "null", why);
    steps
        .call(
            Syscall.MOVE_MOUNT,
            Value.of(copy),
            Value.text(""),
            Value.of(target),
            Value.text(""),
            Flag.BETWEEN_DESCRIPTORS)
        .tolerating(Errno.EINVAL, Errno.ENOTDIR)
        .orElse(2)
        .because(why);
    copyOf(steps, rooms.empty, "", why);
    draft.attach(steps, copy, target, why);
    draft.close(steps, target);
  }

  private Slot copy = Draft.NONE;

  private void copyOf(Steps steps, Slot mount, String path, String why) {
    copy = draft.slots.sharedBy("copy");
    steps
        .call(Syscall.OPEN_TREE, Value.of(mount), Value.text(path), Flag.COPY)
        .into(copy)
        .because(why);
  }

  /** An init inside configures its own network, with what only its network namespace shows. */
  private void makeReadOnlyButTheNetwork(Slot proc) {
    String why = "its network is its own to configure";
    Slot kept = draft.slots.take("kept");
    Slot place = draft.slots.sharedBy("target");
    draft
        .init
        .call(Syscall.OPEN_TREE, Value.of(proc), Value.text("sys/net"), Flag.COPY)
        .into(kept)
        .because(why);
    makeReadOnly(draft.init, proc, "/sys");
    draft
        .init
        .act(Step.Op.OPEN_ROOT, Value.of(proc), Value.text("/sys/net"), Flag.MUST_EXIST, Flag.ZERO)
        .into(place)
        .because(why);
    draft.attach(draft.init, kept, place, why);
    draft.close(draft.init, place);
    draft.close(draft.init, kept);
  }

  private void makeReadOnly(Steps steps, Slot root, String path) {
    String why = "read-only";
    Slot target = draft.slots.sharedBy("target");
    steps
        .act(Step.Op.OPEN_ROOT, Value.of(root), Value.text(path), Flag.MUST_EXIST, Flag.ZERO)
        .into(target)
        .tolerating(Errno.ENOENT, Errno.ENOTDIR)
        .elseSkipping(4)
        .because(why);
    Slot tree = draft.slots.sharedBy("tree");
    steps
        .call(Syscall.OPEN_TREE, Value.of(target), Value.text(""), Flag.COPY_BELOW)
        .into(tree)
        .because(why);
    if (wanted.bundle().asWritten().isPresent()) {
      draft.attributesOf(steps, tree, Flag.READ_ONLY, why);
    } else {
      draft.attributes(steps, tree, Flag.STRICT, why);
    }
    draft.attach(steps, tree, target, why);
    draft.close(steps, target);
  }
}
