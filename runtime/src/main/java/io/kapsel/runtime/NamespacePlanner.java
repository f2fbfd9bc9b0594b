package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.oci.Namespace;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Slots;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Joins and makes namespaces, divides the launcher into monitor and init half, and maps ids. */
final class NamespacePlanner {
  private final Draft draft;
  private final Wanted wanted;
  private final Rooms rooms;

  NamespacePlanner(Draft draft, Wanted wanted, Rooms rooms) {
    this.draft = draft;
    this.wanted = wanted;
    this.rooms = rooms;
  }

  void join() {
    if (wanted.joinsUsers()) {
      rooms.userNamespace =
          draft.input(
              Input.Kind.READ,
              wanted.linux().namespace(Namespace.Type.USER).flatMap(Namespace::path).orElseThrow(),
              "user_namespace",
              "the user namespace of another container");
    }
    for (Namespace namespace : wanted.linux().namespaces()) {
      if (namespace.path().isPresent() && namespace.type() != Namespace.Type.USER) {
        Slot slot =
            draft.input(
                Input.Kind.READ,
                namespace.path().get(),
                namespace.type() + "_namespace",
                "the namespace of another container");
        draft
            .monitor
            .call(Syscall.SETNS, Value.of(slot), Wanted.flag(namespace.type()))
            .because("shares the " + namespace.type() + " namespace");
      }
    }
  }

  /**
   * Only the init half joins a user namespace: the monitor keeps the host's rights. What the
   * container has for itself is made afterwards, so that it belongs to that user namespace.
   */
  void joinUsers(Steps init) {
    if (!wanted.joinsUsers()) {
      return;
    }
    init.call(Syscall.SETNS, Value.of(rooms.userNamespace), Flag.NEW_USER)
        .because("shares the user namespace");
    becomeRoot(init);
    List<Value.Constant> own = ownFlags(true);
    own.remove(Flag.NEW_PID);
    init.call(Syscall.UNSHARE, Value.all(own.toArray(Value.Constant[]::new)))
        .because("namespaces of its own that belong to it");
    if (wanted.own(Namespace.Type.PID)) {
      init.act(
              Step.Op.CLONE,
              Value.all(Flag.SAME_PARENT, Flag.NEW_PID),
              Value.named("no cgroup", -1))
          .because("the first process of its pid namespace");
      tellWhoIsFirst(init);
    }
  }

  /** Whatever comes next over the halves' socket: the monitor reads before it who init is now. */
  private void tellWhoIsFirst(Steps init) {
    List<Slot> told =
        draft.handOver(
            init, draft.monitor, List.of(rooms.userNamespace), "another process is the first now");
    told.forEach(each -> draft.close(draft.monitor, each));
  }

  private List<Value.Constant> ownFlags(boolean network) {
    List<Value.Constant> flags = new ArrayList<>(List.of(Flag.NEW_MOUNT));
    for (Namespace namespace : wanted.linux().namespaces()) {
      boolean later =
          namespace.type() == Namespace.Type.CGROUP
              || (namespace.type() == Namespace.Type.NETWORK && !network)
              || namespace.type() == Namespace.Type.MOUNT
              || namespace.type() == Namespace.Type.TIME;
      if (namespace.path().isEmpty() && !later) {
        flags.add(Wanted.flag(namespace.type()));
      }
    }
    return flags;
  }

  /** Offsets can be set only before the first process enters; see time_namespaces(7). */
  void clocks() {
    if (!wanted.own(Namespace.Type.TIME)) {
      return;
    }
    String why = "clocks of its own";
    draft.monitor.call(Syscall.UNSHARE, Flag.NEW_TIME).because(why);
    StringBuilder offsets = new StringBuilder();
    wanted
        .linux()
        .timeOffsets()
        .forEach((clock, offset) ->
            offsets
                .append(clock)
                .append(' ')
                .append(offset.secs())
                .append(' ')
                .append(offset.nanosecs())
                .append('\n'));
    if (!offsets.isEmpty()) {
      Slot file = draft.slots.take("clocks");
      draft
          .monitor
          .call(
              Syscall.OPENAT,
              Flag.CWD,
              Value.text("/proc/self/timens_offsets"),
              Value.all(Flag.WRITE, Flag.CLOSE_ON_EXEC),
              Flag.ZERO)
          .into(file)
          .because(why);
      draft.write(draft.monitor, file, offsets.toString(), why);
      draft.close(draft.monitor, file);
    }
  }

  void divide(Optional<Slot> group, boolean network) {
    List<Value.Constant> flags = wanted.joinsUsers() ? List.of() : ownFlags(network);
    rooms.pid = draft.slots.take("pid");
    rooms.pidfd = draft.slots.take("pidfd");
    Value.Constant all = Value.all(flags.toArray(Value.Constant[]::new));
    draft
        .monitor
        .act(Step.Op.CLONE, all, group.<Value>map(Value::of).orElse(Value.named("no cgroup", -1)))
        .into(rooms.pid)
        .because("the init half, in namespaces of its own and born in its control group");
  }

  void mapIds() {
    if (!wanted.own(Namespace.Type.USER)) {
      return;
    }
    map(draft, rooms.pid, "uid_map", wanted.uidMap());
    map(draft, rooms.pid, "gid_map", wanted.gidMap());
    rooms.userNamespace = draft.slots.take("user_namespace");
    draft
        .monitor
        .act(
            Step.Op.OPEN_PROC,
            Value.of(rooms.pid),
            Value.text("ns/user"),
            Value.all(Flag.READ, Flag.CLOSE_ON_EXEC))
        .into(rooms.userNamespace)
        .because("layers and volumes are shown with its ids");
  }

  private static void map(Draft draft, Slot pid, String file, String lines) {
    Slot slot = draft.slots.take(file);
    String why = "root inside is nobody outside";
    draft
        .monitor
        .act(Step.Op.OPEN_PROC, Value.of(pid), Value.text(file), Flag.WRITE)
        .into(slot)
        .because(why);
    draft.write(draft.monitor, slot, lines, why);
    draft.close(draft.monitor, slot);
    readBack(draft, pid, file, lines);
  }

  /** The kernel shows each line as three numbers, right-aligned to ten places. */
  private static void readBack(Draft draft, Slot pid, String file, String lines) {
    String why = "the map is the one that was written";
    StringBuilder wantedText = new StringBuilder();
    for (String line : lines.split("\n")) {
      String[] numbers = line.split(" ");
      wantedText.append("%10s %10s %10s\n".formatted(numbers[0], numbers[1], numbers[2]));
    }
    Slot slot = draft.slots.take(file);
    Blob room = Blob.room((wantedText.length() + 8) / 8 * 8, file + "_text");
    draft
        .monitor
        .act(Step.Op.OPEN_PROC, Value.of(pid), Value.text(file), Flag.READ)
        .into(slot)
        .because(why);
    draft
        .monitor
        .call(Syscall.READ, Value.of(slot), Value.at(room), Value.of(wantedText.length() + 1))
        .because(why);
    draft.close(draft.monitor, slot);
    draft.expect(draft.monitor, room, wantedText.toString(), why);
  }

  void becomeRoot(Steps init) {
    String why = "root of its user namespace";
    if (wanted.setsGroups()) {
      init.call(Syscall.SETGROUPS, Flag.ZERO, Flag.NULL).because(why);
    }
    init.call(Syscall.SETRESGID, Flag.ZERO, Flag.ZERO, Flag.ZERO).because(why);
    init.call(Syscall.SETRESUID, Flag.ZERO, Flag.ZERO, Flag.ZERO).because(why);
    Slot uid = draft.slots.take("uid");
    init.call(Syscall.GETUID).into(uid).because("the map is in force");
    init.act(
            Step.Op.EXPECT,
            Value.of(uid),
            Flag.ZERO,
            Value.of(0xffffffffL),
            Value.named("EPERM", Errno.EPERM.number()))
        .because("the map is in force");
  }

  /** The slowest of the namespaces to make, and made while the monitor makes /dev and the root. */
  void network(Steps init) {
    if (!wanted.joinsUsers()) {
      init.call(Syscall.UNSHARE, Flag.NEW_NETWORK).because("a network of its own");
    }
    loopback(init);
  }

  void loopback(Steps init) {
    String why = "the loopback interface works";
    byte[] request = new byte[40];
    request[0] = 'l';
    request[1] = 'o';
    request[16] = 1; // IFF_UP
    Slot socket = draft.slots.take("socket");
    init.call(
            Syscall.SOCKET,
            Value.named("AF_INET", 2),
            Value.named("SOCK_DGRAM|SOCK_CLOEXEC", 02 | 02000000),
            Flag.ZERO)
        .into(socket)
        .because(why);
    init.call(
            Syscall.IOCTL,
            Value.of(socket),
            Value.named("SIOCSIFFLAGS", 0x8914),
            Value.at(Blob.of(request, "{lo, IFF_UP}")))
        .because(why);
    draft.close(init, socket);
  }

  /** A user namespace alone: its process only waits, until whoever asked has a descriptor of it. */
  static Segment users(String uids, String gids) {
    Draft draft = new Draft("users", new Slots(), 0);
    Slot pid = draft.slots.take("pid");
    draft.slots.take("pidfd");
    draft
        .monitor
        .act(Step.Op.CLONE, Flag.NEW_USER, Value.named("no cgroup", -1))
        .into(pid)
        .because("a user namespace for the owners of a mount");
    map(draft, pid, "uid_map", uids);
    map(draft, pid, "gid_map", gids);
    return draft.segment(false);
  }
}
