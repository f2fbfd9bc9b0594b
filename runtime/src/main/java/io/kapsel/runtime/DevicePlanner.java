package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.oci.Device;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Devices of a bundle. Nodes are made from their numbers; where a user namespace forbids that, the
 * monitor makes them in a private file system, and they are shown in their places. That file system
 * also has the null device with which files are hidden.
 */
final class DevicePlanner {
  private static final int CHARACTER = 0020000;
  private static final int BLOCK = 0060000;
  private static final int FIFO = 0010000;
  private static final Device NULL =
      new Device("/dev/null", "c", 1, 3, Optional.empty(), Optional.empty(), Optional.empty());
  private static final String STAGE = "/stage/dev";
  private static final Object[][] USUAL = {
    {"/dev/null", 1, 3}, {"/dev/zero", 1, 5}, {"/dev/full", 1, 7},
    {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}
  };
  private static final String[][] LINKS = {
    {"/proc/self/fd", "fd"},
    {"/proc/self/fd/0", "stdin"},
    {"/proc/self/fd/1", "stdout"},
    {"/proc/self/fd/2", "stderr"},
    {"/proc/kcore", "core"}
  };

  private final Draft draft;
  private final Wanted wanted;
  private final Rooms rooms;
  private final BorrowedDevices borrowed;

  DevicePlanner(Draft draft, Wanted wanted, Rooms rooms) {
    this.draft = draft;
    this.wanted = wanted;
    this.rooms = rooms;
    this.borrowed = new BorrowedDevices(draft);
  }

  /** The usual ones that the configuration does not describe itself, and then its own. */
  private List<Device> devices() {
    List<Device> all = new ArrayList<>();
    for (Object[] usual : USUAL) {
      String path = (String) usual[0];
      if (wanted.linux().devices().stream().noneMatch(each -> each.path().equals(path))) {
        all.add(
            new Device(
                path,
                "c",
                (int) usual[1],
                (int) usual[2],
                Optional.of(0666),
                Optional.empty(),
                Optional.empty()));
      }
    }
    all.addAll(wanted.linux().devices());
    return all;
  }

  /** By the host's root, before the launcher divides. */
  void planMonitor() {
    String why = "devices that nobody else can have touched";
    Steps steps = draft.monitor;
    rooms.dev =
        draft.filesystem(
            steps,
            "tmpfs",
            "dev",
            Value.all(Flag.NO_SUID, Flag.NO_EXECUTION),
            why,
            "mode=755",
            "size=1m");
    if (borrows()) {
      borrow(steps, why);
      return;
    }
    make(steps, rooms.dev, "null", CHARACTER | 0666, 1, 3, why);
    if (wanted.inUserNamespace()) {
      List<Device> all = devices();
      for (int i = 0; i < all.size(); i++) {
        Device device = all.get(i);
        make(steps, rooms.dev, "d" + i, mode(device), device.major(), device.minor(), why);
        own(steps, rooms.dev, "d" + i, device);
      }
    }
  }

  /** Who is not root of the host makes no nodes, but may show those that he sees himself. */
  private boolean borrows() {
    return !wanted.facts().authority().isRoot();
  }

  private boolean shows() {
    return borrows() || wanted.inUserNamespace();
  }

  private void borrow(Steps steps, String why) {
    List<Device> all = devices();
    borrowed.borrow(rooms.dev, "null", NULL);
    for (int i = 0; i < all.size(); i++) {
      Device device = all.get(i);
      if (device.type().equals("p")) {
        make(steps, rooms.dev, "d" + i, mode(device), 0, 0, why);
      } else {
        borrowed.borrow(rooms.dev, "d" + i, device);
      }
    }
  }

  /** In the init half, where it is not seen once the root is entered. */
  void attach() {
    draft.attach(draft.init, rooms.dev, Flag.CWD, STAGE, "to hide files behind the null device");
    borrowed.attach(rooms.dev);
  }

  /** In the init half, after the mounts. */
  void planInit(Slot root) {
    Steps init = draft.init;
    init.call(Syscall.UMASK, Flag.ZERO).because("modes as they are written here");
    List<Device> all = devices();
    for (int i = 0; i < all.size(); i++) {
      if (shows()) {
        show(init, root, "d" + i, all.get(i));
      } else {
        make(init, root, all.get(i));
      }
    }
    links(init, root);
    init.call(Syscall.UMASK, Value.mode(077)).because("nothing for others by oversight");
  }

  private void show(Steps init, Slot root, String name, Device device) {
    String why = "device '" + device.path() + "'";
    Slot target = draft.inRoot(init, root, device.path(), Flag.MAKE_FILE, 0666, "target", why);
    Slot copy = draft.slots.sharedBy("copy");
    init.call(Syscall.OPEN_TREE, Value.of(rooms.dev), Value.text(name), Flag.COPY)
        .into(copy)
        .because(why);
    draft.attach(init, copy, target, why);
    draft.close(init, copy);
    draft.close(init, target);
  }

  private void make(Steps init, Slot root, Device device) {
    String why = "device '" + device.path() + "'";
    int slash = device.path().lastIndexOf('/');
    String parent = slash == 0 ? "/" : device.path().substring(0, slash);
    String name = device.path().substring(slash + 1);
    Slot directory = draft.inRoot(init, root, parent, Flag.MAKE_DIRECTORY, 0755, "directory", why);
    make(init, directory, name, mode(device), device.major(), device.minor(), why);
    own(init, directory, name, device);
    draft.close(init, directory);
  }

  private void links(Steps init, Slot root) {
    String why = "names that programs know";
    Slot dev = draft.inRoot(init, root, "/dev", Flag.MAKE_DIRECTORY, 0755, "directory", why);
    for (String[] link : LINKS) {
      init.call(Syscall.SYMLINKAT, Value.text(link[0]), Value.of(dev), Value.text(link[1]))
          .tolerating(Errno.EEXIST)
          .because(why);
    }
    init.call(Syscall.UNLINKAT, Value.of(dev), Value.text("ptmx"), Flag.ZERO)
        .tolerating(Errno.ENOENT)
        .because("terminals of its own");
    init.call(Syscall.SYMLINKAT, Value.text("pts/ptmx"), Value.of(dev), Value.text("ptmx"))
        .because("terminals of its own");
    draft.close(init, dev);
  }

  /** The place for the program's terminal. */
  void console(Slot root) {
    Slot place =
        draft.inRoot(
            draft.init,
            root,
            "/dev/console",
            Flag.MAKE_FILE,
            0600,
            "console",
            "the place for its terminal");
    draft.close(draft.init, place);
  }

  private static int mode(Device device) {
    int kind =
        switch (device.type()) {
          case "b" -> BLOCK;
          case "p" -> FIFO;
          default -> CHARACTER;
        };
    return kind | (device.fileMode().orElse(0666) & 07777);
  }

  private void make(
      Steps steps, Slot directory, String name, int mode, long major, long minor, String why) {
    steps
        .call(
            Syscall.MKNODAT,
            Value.of(directory),
            Value.text(name),
            Value.mode(mode),
            Value.named(major + ":" + minor, BorrowedDevices.number(major, minor)))
        .tolerating(Errno.EEXIST)
        .because(why);
  }

  private void own(Steps steps, Slot directory, String name, Device device) {
    long uid = device.uid().orElse(0L);
    long gid = device.gid().orElse(0L);
    if (wanted.mapped() || uid != 0 || gid != 0) {
      steps
          .call(
              Syscall.FCHOWNAT,
              Value.of(directory),
              Value.text(name),
              Value.of(wanted.hostUid(uid)),
              Value.of(wanted.hostGid(gid)),
              Flag.NO_FOLLOW)
          .because("the owner of '" + device.path() + "'");
    }
  }
}
