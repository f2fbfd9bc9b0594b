package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.memory.Memfd;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Spawn;
import io.kapsel.linux.socket.SeqPacketSocket;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Slots;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * The first launcher: one process in a mount namespace of three mounts, of which every monitor is a
 * fork. It is run from a sealed copy in memory and reaches no file of the host by path. With its
 * first fork it leaves a keeper behind, the process that was started: the parent of all of them.
 */
final class Zygote implements AutoCloseable {
  private static final int LAYERS = 128;
  private static final long PRIVATE = 1 << 18;
  private static final String WHOLE = "shown whole, or user namespaces may not mount their own";

  private final Control control;
  private final Child child;

  private Zygote(Control control, Child child) {
    this.control = control;
    this.child = child;
    Thread.ofVirtual().name("zygote").start(child::await);
  }

  static Zygote start(DevicePrograms programs, boolean mountsKernel) {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    try (Fd program = Memfd.executable("kapsel-launcher", program("kapsel-launcher"));
        Fd other = pair.other()) {
      Child child =
          Spawn.program(program)
              .arguments(List.of("kapsel-launcher"))
              .environment(List.of())
              .descriptor(3, other)
              .session()
              .start();
      Control control = new Control(pair.socket());
      Launch launch = new Launch(control, programs);
      launch.send(base(new Slots(), LAYERS, mountsKernel));
      launch.awaitDone();
      return new Zygote(control, child);
    }
  }

  /** One of the programs that come with this build. */
  static byte[] program(String file) {
    String machine = System.getProperty("os.arch", "").equals("aarch64") ? "aarch64" : "x86_64";
    String name = "native/" + machine + "/" + file;
    try (InputStream in = Zygote.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new LaunchException(
            LaunchException.Kind.REFUSED, "this build has no " + file + " for " + machine);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException("cannot read " + file, e);
    }
  }

  /** The mount namespace that all others are copied from: small, so that copying it is cheap. */
  static Segment base(Slots slots, int layers, boolean root) {
    Draft draft = new Draft("base", slots, 0);
    base(draft, layers, root);
    return draft.segment(false);
  }

  /**
   * The same for a launcher elsewhere: it joins the one that is there, whose descriptor is opened
   * at {@code path}, or makes its own where it may not.
   */
  static Segment joining(String path, Slots slots) {
    Draft draft = new Draft("base", slots, 1);
    Slot there =
        draft.input(Input.Kind.READ, path, "mounts", "the small mount namespace of the engine's");
    Step join =
        draft
            .monitor
            .call(Syscall.SETNS, Value.of(there), Flag.NEW_MOUNT)
            .because("a mount namespace that is small, and so is its copy")
            .tolerating(Errno.EPERM);
    base(draft, 0, true);
    join.orElse(draft.monitor.list().size() - 1);
    draft.close(draft.monitor, there);
    return draft.segment(false);
  }

  private static void base(Draft draft, int layers, boolean root) {
    Steps steps = draft.monitor;
    String why = "a small mount namespace of its own";
    steps.call(Syscall.UNSHARE, Flag.NEW_MOUNT).because(why);
    Blob isPrivate = Blob.words("{MS_PRIVATE}", 0, 0, PRIVATE, 0);
    steps
        .call(
            Syscall.MOUNT_SETATTR,
            Flag.CWD,
            Value.text("/"),
            Flag.RECURSIVE,
            Value.at(isPrivate),
            Value.of(32))
        .because("nothing is passed on to the host");
    Value.Constant strict = Value.all(Flag.NO_SUID, Flag.NO_DEVICES, Flag.NO_EXECUTION);
    List<Slot> shown = root ? List.of() : lookAlikes(draft);
    Slot base = draft.filesystem(steps, "tmpfs", "base", strict, why, "mode=755");
    steps.call(Syscall.UMASK, Value.mode(022)).because(why);
    for (String name : List.of("proc", "sys", "newroot", "stage")) {
      directory(steps, base, name, why);
    }
    for (String name : List.of("proc", "sys", "dev", "layer", "empty")) {
      directory(steps, base, "stage/" + name, why);
    }
    for (int i = 0; i < layers; i++) {
      directory(steps, base, "stage/lower" + i, why);
    }
    if (root) {
      shown =
          List.of(
              draft.filesystem(steps, "proc", "proc", strict, WHOLE),
              draft.filesystem(steps, "sysfs", "sys", strict, WHOLE));
    }
    Slot proc = shown.getFirst();
    Slot sys = shown.getLast();
    draft.attach(steps, base, Flag.CWD, "/proc", why);
    draft.attach(steps, proc, Value.of(base), "proc", why);
    draft.attach(steps, sys, Value.of(base), "sys", why);
    steps.call(Syscall.FCHDIR, Value.of(base)).because(why);
    steps.call(Syscall.PIVOT_ROOT, Value.text("."), Value.text(".")).because(why);
    steps
        .call(Syscall.UMOUNT2, Value.text("."), Value.named("MNT_DETACH", 2))
        .because("the host's files are out of reach");
    steps.call(Syscall.CHDIR, Value.text("/")).because(why);
    steps.call(Syscall.UMASK, Value.mode(077)).because("nothing for others by oversight");
    for (Slot slot : List.of(base, proc, sys)) {
      draft.close(steps, slot);
    }
  }

  /** Who is not root of the host shows those of the host, which he sees already. */
  private static List<Slot> lookAlikes(Draft draft) {
    List<Slot> trees = new java.util.ArrayList<>();
    for (String path : List.of("/proc", "/sys")) {
      Slot tree = draft.slots.take(path.substring(1));
      draft
          .monitor
          .call(
              Syscall.OPEN_TREE,
              Flag.CWD,
              Value.text(path),
              Value.all(Flag.TREE_CLONE, Flag.TREE_CLOEXEC, Flag.RECURSIVE))
          .into(tree)
          .because(WHOLE);
      trees.add(tree);
    }
    return trees;
  }

  private static void directory(Steps steps, Slot base, String name, String why) {
    steps.call(Syscall.MKDIRAT, Value.of(base), Value.text(name), Value.mode(0755)).because(why);
  }

  /** A launcher of its own for one container. */
  Control spawn() {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    try (Fd other = pair.other()) {
      control.send(Control.SPAWN, 0, other);
      return new Control(pair.socket());
    }
  }

  /** Its mount namespace, which is that of its keeper, for those who may enter it. */
  String mounts() {
    return "/proc/" + child.process().pid() + "/ns/mnt";
  }

  /** It says nothing but that it is gone, or cannot fork; without its keeper it is of no use. */
  boolean alive() {
    return child.process().alive() && control.alive();
  }

  @Override
  public void close() {
    control.close();
  }
}
