package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Device;
import io.kapsel.oci.Mount;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Slots;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;

/**
 * Plans that give a running container a mount or a device, or take it away. A launcher executes
 * them in the container's mount namespace and ends.
 */
final class PlugPlanner {
  private static final int MOST_INPUTS = 4;
  private static final int CHARACTER = 0020000;
  private static final int BLOCK = 0060000;
  private static final long TMPFS = 0x0102_1994;

  private final Draft draft = new Draft("plug", new Slots(), MOST_INPUTS);
  private final Steps steps = draft.monitor;
  private final int target;
  private final Wanted wanted;

  PlugPlanner(int target, Bundle bundle, HostFacts facts) {
    this.target = target;
    this.wanted = new Wanted(bundle, facts);
  }

  /** Shows a tree of the host at a place inside; the place is made when it is not there. */
  Segment mount(Mount mount, boolean directory) {
    String source = mount.source().orElseThrow();
    String why = "'" + source + "' is seen at '" + mount.destination() + "'";
    MountOptions options = MountOptions.of(mount);
    refuseOthers(mount, options);
    Slot tree =
        draft.input(
            options.recursive() ? Input.Kind.TREE_RECURSIVE : Input.Kind.TREE, source, "tree", why);
    if (wanted.shifted()) {
      draft
          .attributes(
              steps,
              tree,
              Flag.ID_MAP,
              owners(mount, why),
              "{IDMAP}",
              "the owners of '" + source + "' are shown in the container's ids")
          .tolerating(Errno.EINVAL, Errno.EPERM)
          .noticing();
    }
    draft.attributes(steps, tree, options, why);
    Slot root = enterAsItsRoot(why);
    Slot place =
        draft.inRoot(
            steps,
            root,
            mount.destination(),
            directory ? Flag.MAKE_DIRECTORY : Flag.MAKE_FILE,
            directory ? 0755 : 0644,
            "place",
            why);
    draft.attach(steps, tree, place, why);
    return draft.segment(false);
  }

  /** A part of a volume, or a layer of the container's own, is made at a start alone. */
  private static void refuseOthers(Mount mount, MountOptions options) {
    if (!options.data().isEmpty()) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "a mount at '%s' cannot have the option '%s' in a container that runs"
              .formatted(mount.destination(), options.data().getFirst()));
    }
  }

  /** The container's own ids, unless its files belong to others on the host. */
  private Slot owners(Mount mount, String why) {
    return mount.uidMappings().isEmpty()
        ? draft.input(Input.Kind.READ, "/proc/" + target + "/ns/user", "users", why)
        : draft.owners(mount.uidMappings(), mount.gidMappings(), why);
  }

  /** Takes away what is mounted at a place inside. */
  Segment unmount(String place) {
    String why = "nothing is seen at '" + place + "' any more";
    Slot _ = enterAsItsRoot(why);
    steps
        .call(Syscall.UMOUNT2, Value.text(place), Value.named("MNT_DETACH|UMOUNT_NOFOLLOW", 2 | 8))
        .because(why);
    return draft.segment(false);
  }

  /** Makes a node in its /dev, by root of the host, who alone may. */
  Segment device(Device device) {
    String why = "the device '" + device.path() + "'";
    Slot dev = enterDev(device.path(), Flag.MAKE_DIRECTORY, why);
    String name = name(device.path());
    int kind = device.type().equals("b") ? BLOCK : CHARACTER;
    long minor = device.minor();
    long number = (minor & 0xff) | device.major() << 8 | (minor & ~0xffL) << 12;
    steps.call(Syscall.UMASK, Flag.ZERO).because("modes as they are written here");
    steps
        .call(
            Syscall.MKNODAT,
            Value.of(dev),
            Value.text(name),
            Value.mode(kind | (device.fileMode().orElse(0660) & 07777)),
            Value.named(device.major() + ":" + minor, number))
        .because(why);
    steps
        .call(
            Syscall.FCHOWNAT,
            Value.of(dev),
            Value.text(name),
            Value.of(wanted.hostUid(device.uid().orElse(0L))),
            Value.of(wanted.hostGid(device.gid().orElse(0L))),
            Flag.NO_FOLLOW)
        .because(why);
    return draft.segment(false);
  }

  /** Removes a node from its /dev. One that is gone already is no failure. */
  Segment withoutDevice(String path) {
    String why = "'" + path + "' goes";
    Slot dev = enterDev(path, Flag.MUST_EXIST, why);
    steps
        .call(Syscall.UNLINKAT, Value.of(dev), Value.text(name(path)), Flag.ZERO)
        .tolerating(Errno.ENOENT)
        .because(why);
    return draft.segment(false);
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private Slot enter(Value.Constant flags, String why) {
    Slot container =
        draft.input(Input.Kind.PROCESS, Integer.toString(target), "container", "whose mounts");
    steps.call(Syscall.SETNS, Value.of(container), flags).because(why);
    return container;
  }

  /** What is made inside belongs to its root, and its files are not reached with more rights. */
  private Slot enterAsItsRoot(String why) {
    if (wanted.inUserNamespace()) {
      enter(Value.all(Flag.NEW_USER, Flag.NEW_MOUNT), why);
      steps.call(Syscall.SETRESGID, Flag.ZERO, Flag.ZERO, Flag.ZERO).because("as its root");
      steps.call(Syscall.SETRESUID, Flag.ZERO, Flag.ZERO, Flag.ZERO).because("as its root");
    } else {
      enter(Flag.NEW_MOUNT, why);
    }
    steps.call(Syscall.UMASK, Flag.ZERO).because("modes as they are written here");
    return root(why);
  }

  private Slot root(String why) {
    Slot root = draft.slots.take("root");
    steps
        .call(
            Syscall.OPENAT,
            Flag.CWD,
            Value.text("/"),
            Value.all(Flag.PATH, Flag.DIRECTORY, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .into(root)
        .because(why);
    return root;
  }

  /** A node is made nowhere but in a tmpfs: whoever is root inside may mount others over /dev. */
  private Slot enterDev(String path, Value.Constant want, String why) {
    enter(Flag.NEW_MOUNT, why);
    Slot dev = draft.inRoot(steps, root(why), "/dev", Flag.MUST_EXIST_UNLINKED, 0755, "dev", why);
    expectItsOwn(dev, why);
    String below = path.substring("/dev".length(), path.lastIndexOf('/'));
    if (below.isEmpty()) {
      return dev;
    }
    Slot directory = draft.inRoot(steps, dev, below, want, 0755, "directory", why);
    expectItsOwn(directory, why);
    return directory;
  }

  private void expectItsOwn(Slot dev, String why) {
    Blob status = Blob.room(120, "statfs");
    steps.call(Syscall.FSTATFS, Value.of(dev), Value.at(status)).because(why);
    steps
        .act(
            Step.Op.EXPECT,
            new Value.Loaded(status, 8),
            Value.named("TMPFS_MAGIC", TMPFS),
            Value.named("~0", -1),
            Value.named("EXDEV", Errno.EXDEV.number()))
        .because("its /dev is not one that it has made of something else");
  }
}
