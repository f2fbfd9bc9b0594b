package io.kapsel.runtime;

import io.kapsel.linux.Abi;
import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.oci.User;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Role;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The standard streams: pipes, or a terminal from the container's own devpts. */
final class StdioPlanner {
  private static final Value.Constant UNLOCK = Value.named("TIOCSPTLCK", 0x40045431L);
  private static final Value.Constant PEER = Value.named("TIOCGPTPEER", 0x5441);
  private static final Value.Constant SIZE = Value.named("TIOCSWINSZ", 0x5414);
  private static final Value.Constant CONTROLLING = Value.named("TIOCSCTTY", 0x540E);
  private static final Value.Constant GET_SETTINGS = Value.named("TCGETS", 0x5401);
  private static final Value.Constant SET_SETTINGS = Value.named("TCSETS", 0x5402);
  private static final Value.Constant PROCESS_OUTPUT = Value.named("OPOST", 1);
  private static final int TERMIOS = 40; // struct termios of the kernel has 36 bytes
  private static final int OUTPUT_FLAGS = 4;

  private static final long NULL_DEVICE = 1 << 8 | 3;
  private static final int STAT_RDEV = Abi.host() == Abi.X86_64 ? 40 : 32;

  private final Draft draft;
  private final Wanted wanted;
  private final Rooms rooms;
  private final Stdio stdio;

  StdioPlanner(Draft draft, Wanted wanted, Rooms rooms) {
    this.draft = draft;
    this.wanted = wanted;
    this.rooms = rooms;
    this.stdio = wanted.bundle().stdio();
  }

  /** Made by the monitor; what is returned goes to the init half. */
  List<Slot> pipes() {
    List<Slot> passed = new ArrayList<>();
    if (stdio.terminal() || stdio.guest().isPresent()) {
      return passed;
    }
    if (stdio.openStdin()) {
      passed.add(pipe("stdin", Role.STDIN, true));
    }
    passed.add(pipe("stdout", Role.STDOUT, false));
    passed.add(pipe("stderr", Role.STDERR, false));
    return passed;
  }

  private Slot pipe(String name, Role role, boolean input) {
    Steps steps = draft.monitor;
    String why = "a pipe for " + name;
    Blob pair = Blob.room(8, "pipe_" + name);
    steps.call(Syscall.PIPE2, Value.at(pair), Flag.CLOSE_ON_EXEC).because(why);
    Slot reader = slot(new Value.Loaded(pair, 4), name + "_reader", why);
    Slot writer = slot(new Value.Loaded(pair.offset(4), 4), name + "_writer", why);
    Slot theirs = input ? reader : writer;
    Slot ours = input ? writer : reader;
    User user = wanted.bundle().spec().process().orElseThrow().user();
    steps
        .call(
            Syscall.FCHOWN,
            Value.of(theirs),
            Value.of(wanted.hostUid(user.uid())),
            Value.of(wanted.hostGid(user.gid())))
        .because("the program may open /dev/" + name);
    steps.role(role, Value.of(ours));
    return theirs;
  }

  /** A value that a call left in memory, moved to a slot: dup3 would renumber, fcntl says yes. */
  private Slot slot(Value.Loaded loaded, String name, String why) {
    Slot slot = draft.slots.take(name);
    draft
        .monitor
        .call(Syscall.FCNTL, loaded, Value.named("F_DUPFD_CLOEXEC", 1030), Value.of(10))
        .into(slot)
        .because(why);
    draft.monitor.call(Syscall.CLOSE, loaded).because("no longer needed");
    return slot;
  }

  /** In the init half, and the terminal's master back to the monitor. */
  void connect(Slot root, List<Slot> taken) {
    Steps init = draft.init;
    init.call(Syscall.SETSID).because("a session of its own");
    if (stdio.terminal()) {
      terminal(root);
      return;
    }
    if (stdio.guest().isPresent()) {
      inherit();
      return;
    }
    connect(taken, nothing());
  }

  /** The same for a program that enters a container, with what {@link #noInput} is. */
  void duplicateAll(List<Slot> taken, Slot nothing) {
    if (stdio.guest().isPresent()) {
      inherit();
      return;
    }
    connect(taken, nothing);
  }

  /** The host's null device: who enters a container finds in /dev what that has put there. */
  Slot noInput() {
    return stdio.terminal() || stdio.openStdin() || stdio.guest().isPresent()
        ? Draft.NONE
        : draft.input(Input.Kind.READ, "/dev/null", "null", "no input");
  }

  private void connect(List<Slot> taken, Slot nothing) {
    int next = 0;
    Slot in = stdio.openStdin() ? taken.get(next++) : nothing;
    duplicate(in, 0);
    duplicate(taken.get(next++), 1);
    duplicate(taken.get(next), 2);
  }

  private Slot nothing() {
    Slot slot = draft.slots.take("null");
    draft
        .init
        .call(
            Syscall.OPENAT,
            Value.of(rooms.dev),
            Value.text("null"),
            Value.all(Flag.READ_WRITE, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .into(slot)
        .because("no input");
    return slot;
  }

  private void duplicate(Slot slot, int number) {
    draft
        .init
        .call(Syscall.DUP3, Value.of(slot), Value.of(number), Flag.ZERO)
        .because("standard stream " + number);
  }

  private void terminal(Slot root) {
    Steps init = draft.init;
    Slot master = draft.slots.take("pty");
    User user = wanted.bundle().spec().process().orElseThrow().user();
    Slot slave = openTerminal(draft, init, Value.of(rooms.pts), "ptmx", master, stdio, user);
    giveMaster(draft, master, stdio);
    if (wanted.bundle().system()) {
      keep(slave);
    }
    Slot target =
        draft.inRoot(
            init,
            root,
            "/dev/console",
            Flag.MUST_EXIST,
            0,
            "console",
            "the console is that terminal");
    String why = "the console is that terminal";
    draft.attach(init, tree(draft, slave, why), target, why);
    stdio.ttys().ifPresent(ttys -> new TtyPlanner(draft, rooms, ttys).plan(root));
  }

  /** A terminal as something that can be attached elsewhere. */
  static Slot tree(Draft draft, Slot slave, String why) {
    Slot tree = draft.slots.take("console_tree");
    draft
        .init
        .call(
            Syscall.OPEN_TREE,
            Value.of(slave),
            Value.text(""),
            Value.all(Flag.EMPTY_PATH, Flag.TREE_CLONE, Flag.TREE_CLOEXEC))
        .into(tree)
        .because(why);
    return tree;
  }

  /** A console is hung up and opened anew; without an open side it could not be, for a while. */
  private void keep(Slot slave) {
    String why = "the console stays when nobody has it open";
    Slot kept = draft.handOver(draft.init, draft.monitor, List.of(slave), why).getFirst();
    draft.monitor.role(Role.CONSOLE, Value.of(kept));
  }

  /** Opens both sides of a terminal below a devpts; the program's is returned. */
  static Slot openPair(
      Steps init, Value directory, String path, Slot master, Draft draft, String why) {
    Value.Constant both = Value.all(Flag.READ_WRITE, Flag.NO_TERMINAL, Flag.CLOSE_ON_EXEC);
    Slot slave = draft.slots.take("tty");
    init.call(Syscall.OPENAT, directory, Value.text(path), both, Flag.ZERO)
        .into(master)
        .because(why);
    init.call(Syscall.IOCTL, Value.of(master), UNLOCK, Value.at(Blob.words("{0}", 0))).because(why);
    init.call(Syscall.IOCTL, Value.of(master), PEER, both).into(slave).because(why);
    return slave;
  }

  /** Opens a pair below a devpts, makes it the controlling terminal and the standard streams. */
  static Slot openTerminal(
      Draft draft, Steps init, Value directory, String path, Slot master, Stdio stdio, User user) {
    String why = "a terminal of its own";
    Slot slave = openPair(init, directory, path, master, draft, why);
    if (stdio.rows() > 0 && stdio.columns() > 0) {
      long size = stdio.rows() | (long) stdio.columns() << 16;
      init.call(
              Syscall.IOCTL,
              Value.of(master),
              SIZE,
              Value.at(Blob.words("{" + stdio.rows() + "x" + stdio.columns() + "}", size)))
          .because("as large as the user's");
    }
    if (stdio.guest().filter(guest -> guest.console().isEmpty()).isPresent()) {
      leaveLinesAlone(init, slave);
    }
    init.call(Syscall.IOCTL, Value.of(slave), CONTROLLING, Flag.ZERO).because(why);
    init.call(Syscall.FCHOWN, Value.of(slave), Value.of(user.uid()), Value.named("-1", 0xffffffffL))
        .because("it belongs to the user");
    for (int number = 0; number <= 2; number++) {
      init.call(Syscall.DUP3, Value.of(slave), Value.of(number), Flag.ZERO)
          .because("standard stream " + number);
    }
    return slave;
  }

  /** Output is the program's to the byte: the caller's own terminal ends the lines. */
  private static void leaveLinesAlone(Steps init, Slot slave) {
    String why = "lines end as the program ends them";
    Blob settings = Blob.room(TERMIOS, "termios");
    init.call(Syscall.IOCTL, Value.of(slave), GET_SETTINGS, Value.at(settings)).because(why);
    init.act(
            Step.Op.POKE,
            new Value.Address(settings.offset(OUTPUT_FLAGS)),
            PROCESS_OUTPUT,
            Value.of(Integer.BYTES))
        .because(why);
    init.call(Syscall.IOCTL, Value.of(slave), SET_SETTINGS, Value.at(settings)).because(why);
  }

  /** The other side of a terminal goes to the monitor, or to whoever listens for it. */
  static void giveMaster(Draft draft, Slot master, Stdio stdio) {
    List<Slot> received =
        draft.handOver(
            draft.init, draft.monitor, List.of(master), "the monitor keeps the other side");
    Optional<String> console = stdio.guest().flatMap(Guest::console);
    if (console.isEmpty()) {
      draft.monitor.role(Role.PTY, Value.of(received.getFirst()));
      return;
    }
    String why = "whoever asked for the terminal gets it";
    Slot socket = draft.input(Input.Kind.SOCKET, console.get(), "console", why);
    draft.sendDescriptor(draft.monitor, socket, "/dev/ptmx", received.getFirst(), why);
    draft.close(draft.monitor, received.getFirst());
    draft.close(draft.monitor, socket);
  }

  /** The caller's streams, which the user of the program may open anew; not so the null device. */
  private void inherit() {
    User user = wanted.bundle().spec().process().orElseThrow().user();
    Blob status = Blob.room(144, "stat");
    for (int number = 0; number <= 2; number++) {
      String why = "the program may open its stream " + number;
      Steps init = draft.init;
      init.call(Syscall.FSTAT, Value.of(number), Value.at(status)).because(why);
      init.act(
              Step.Op.EXPECT,
              new Value.Loaded(status.offset(STAT_RDEV), 8),
              Value.named("null", NULL_DEVICE),
              Value.named("~0", -1),
              Value.named("EXDEV", Errno.EXDEV.number()))
          .because("the null device is everybody's")
          .tolerating(Errno.EXDEV)
          .orElse(1);
      init.call(
              Syscall.FCHOWN,
              Value.of(number),
              Value.of(user.uid()),
              Value.named("-1", 0xffffffffL))
          .because(why)
          .tolerating(Errno.EPERM, Errno.EINVAL, Errno.EROFS, Errno.EACCES);
    }
  }
}
