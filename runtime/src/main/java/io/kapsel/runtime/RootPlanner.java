package io.kapsel.runtime;

import io.kapsel.linux.Syscall;
import io.kapsel.runtime.RootFilesystem.Lower;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The root file system, made detached by the monitor, who may. */
final class RootPlanner {
  /** Why overlayfs is mounted. */
  static final String LAYERS = "the layers as one root file system";

  private final Draft draft;
  private final Wanted wanted;
  private final Rooms rooms;

  RootPlanner(Draft draft, Wanted wanted, Rooms rooms) {
    this.draft = draft;
    this.wanted = wanted;
    this.rooms = rooms;
  }

  Slot plan() {
    return switch (wanted.bundle().root()) {
      case RootFilesystem.Directory(Path path) -> {
        Slot tree = tree(path, "root", Input.Kind.TREE_RECURSIVE, "the root file system");
        yield tree;
      }
      case RootFilesystem.Overlay(List<Lower> lowers, Path layer, boolean ephemeral) ->
          overlay(lowers, layer, ephemeral);
    };
  }

  private Slot tree(Path path, String label, Input.Kind kind, String why) {
    Slot tree = draft.input(kind, path.toString(), label, why);
    if (kind == Input.Kind.TREE_RECURSIVE) {
      draft.attributes(
          draft.monitor, tree, MountOptions.PLAIN, "no mount in it is passed on to the host");
    }
    if (wanted.shifted()) {
      show(tree, path, rooms.userNamespace);
    }
    return tree;
  }

  private Slot lower(Lower lower, String label) {
    String why = "a read-only layer";
    if (lower.uidMappings().isEmpty()) {
      return tree(lower.path(), label, Input.Kind.TREE, why);
    }
    Slot tree = draft.input(Input.Kind.TREE, lower.path().toString(), label, why);
    Slot owners =
        draft.owners(
            lower.uidMappings(),
            lower.gidMappings(),
            "owners of files that other ids are given to");
    show(tree, lower.path(), owners);
    return tree;
  }

  private void show(Slot tree, Path path, Slot owners) {
    draft.attributes(
        draft.monitor,
        tree,
        Flag.ID_MAP,
        owners,
        "{IDMAP}",
        "the owners of '" + path + "' are shown in the container's ids");
  }

  /** Read-only directories under a private one. */
  Slot overlay(List<Lower> lowers, Path layer, boolean ephemeral) {
    Steps steps = draft.monitor;
    List<Slot> below = new ArrayList<>();
    for (int i = 0; i < lowers.size(); i++) {
      below.add(lower(lowers.get(i), "lower" + i));
    }
    Slot own = tree(layer, "layer", Input.Kind.TREE, "changes go here");
    actAs(wanted.hostUid(0), wanted.hostGid(0));
    String why = LAYERS;
    Slot context = draft.slots.take("overlay_context");
    Slot root = draft.slots.take("root");
    steps
        .call(Syscall.FSOPEN, Value.text("overlay"), Flag.CONTEXT_CLOEXEC)
        .into(context)
        .because(why);
    if (!wanted.facts().authority().isRoot()) {
      setFlag(context, "userxattr", "root of a user namespace may set no trusted attributes");
    }
    if (wanted.facts().layersByDescriptor()) {
      below.forEach(lower -> set(context, "lowerdir+", lower, why));
      set(context, "upperdir", directory(own, "upper"), why);
      set(context, "workdir", directory(own, "work"), why);
    } else {
      byPath(context, below, own, why);
    }
    if (ephemeral) {
      setFlag(context, "volatile", "it is thrown away, so nothing waits for the disk");
    }
    draft.create(steps, context, root, Flag.ZERO, why);
    actAs(0, 0);
    return root;
  }

  /** overlayfs works in the upper directory as whoever mounts it, who must have an id there. */
  private void actAs(long uid, long gid) {
    if (!wanted.shifted()) {
      return;
    }
    String why = "overlayfs works in the layer as the container's root";
    if (uid != 0) {
      draft
          .monitor
          .call(
              Syscall.PRCTL,
              Value.named("PR_SET_SECUREBITS", 28),
              Value.named("SECBIT_NO_SETUID_FIXUP", 4))
          .because(why);
    }
    draft.monitor.call(Syscall.SETFSGID, Value.of(gid)).because(why);
    draft.monitor.call(Syscall.SETFSUID, Value.of(uid)).because(why);
  }

  private void set(Slot context, String key, Slot value, String why) {
    draft
        .monitor
        .call(
            Syscall.FSCONFIG,
            Value.of(context),
            Flag.SET_FD,
            Value.text(key),
            Flag.NULL,
            Value.of(value))
        .because(why);
  }

  private void setFlag(Slot context, String key, String why) {
    draft
        .monitor
        .call(
            Syscall.FSCONFIG,
            Value.of(context),
            Flag.SET_FLAG,
            Value.text(key),
            Flag.NULL,
            Flag.ZERO)
        .because(why);
  }

  private void setText(Slot context, String key, String value, String why) {
    draft
        .monitor
        .call(
            Syscall.FSCONFIG,
            Value.of(context),
            Flag.SET_STRING,
            Value.text(key),
            Value.text(value),
            Flag.ZERO)
        .because(why);
  }

  private Slot directory(Slot tree, String name) {
    Slot slot = draft.slots.take(name);
    draft
        .monitor
        .call(
            Syscall.OPENAT,
            Value.of(tree),
            Value.text(name),
            Value.all(Flag.READ, Flag.DIRECTORY, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .into(slot)
        .because("changes go here");
    return slot;
  }

  /** Before Linux 6.15 layers must be attached: in a mount namespace of this launch alone. */
  private void byPath(Slot context, List<Slot> below, Slot own, String why) {
    Steps steps = draft.monitor;
    steps.call(Syscall.UNSHARE, Flag.NEW_MOUNT).because("a place to attach the layers to");
    for (int i = 0; i < below.size(); i++) {
      draft.attach(steps, below.get(i), Flag.CWD, "/stage/lower" + i, why);
    }
    draft.attach(steps, own, Flag.CWD, "/stage/layer", why);
    setText(
        context,
        "lowerdir",
        IntStream.range(0, below.size())
            .mapToObj(i -> "/stage/lower" + i)
            .collect(Collectors.joining(":")),
        why);
    setText(context, "upperdir", "/stage/layer/upper", why);
    setText(context, "workdir", "/stage/layer/work", why);
  }
}
