package io.kapsel.runtime;

import io.kapsel.linux.Syscall;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Namespace;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.LaunchPlan;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Slots;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The plan that brings a container back: in a mount namespace where its root is a mount and every
 * place for a mount exists, and in the container's control groups, CRIU is executed, and has a
 * socket to the engine.
 */
final class RestorePlanner {
  /** The socket's number in CRIU; namespaces that are joined follow. */
  static final int CHANNEL = 200;

  /** For mount_setattr(2). */
  static final Value SLAVE = Value.at(Blob.words("{MS_SLAVE}", 0, 0, 1 << 19, 0));

  private static final Value PRIVATE = Value.at(Blob.words("{MS_PRIVATE}", 0, 0, 1 << 18, 0));
  private static final int FIRST = 4;
  private static final Value.Constant ALL = Value.named("~0", 0xffffffffL);
  private static final int MOST_INPUTS = 200;

  private final Wanted wanted;
  private final Guest guest;
  private final String criu;
  private final String place;
  private final Draft draft = new Draft("criu", new Slots(), MOST_INPUTS);

  /** {@code place}: a directory in the caller's terms, where the root is mounted. */
  RestorePlanner(Wanted wanted, String criu, String place) {
    this.wanted = wanted;
    this.guest = wanted.bundle().stdio().guest().orElseThrow();
    this.criu = criu;
    this.place = place;
  }

  /** The namespaces that the container does not make itself, in the order of their numbers. */
  static List<Namespace> joined(Wanted wanted) {
    return wanted.linux().namespaces().stream()
        .filter(each -> each.path().isPresent())
        .filter(each -> each.type() == Namespace.Type.NETWORK || each.type() == Namespace.Type.PID)
        .toList();
  }

  List<Segment> plan() {
    List<Segment> all = new ArrayList<>();
    CgroupPlanner cgroups =
        new CgroupPlanner(draft, wanted.facts().cgroups(), wanted.cgroupPlace());
    boolean scope = wanted.bundle().asWritten().flatMap(AsWritten::scope).isPresent();
    draft.monitor.call(Syscall.UMASK, Flag.ZERO).because("modes as they are written here");
    Optional<Slot> group = scope ? Optional.empty() : make(cgroups);
    mountNamespace();
    List<Slot> passed = inherited(draft, wanted);
    draft.monitor.call(Syscall.UMASK, Value.mode(077)).because("nothing for others by oversight");
    Slot _ = fork(draft, group);
    if (scope) {
      all.add(draft.cut(LaunchPlan.BIRTH));
      make(cgroups);
      cgroups.handOver();
    }
    GuestPlanner.roles(draft.monitor, guest);
    draft.pass(draft.monitor, draft.init, List.of(), "its control groups are there");
    cgroups.join(draft.init);
    execute(passed);
    all.add(draft.segment(true));
    return all;
  }

  private Optional<Slot> make(CgroupPlanner cgroups) {
    return cgroups.make(wanted.limits(), wanted.deviceRules(), true);
  }

  private void mountNamespace() {
    Steps steps = draft.monitor;
    String why = "the root as a mount, which CRIU wants";
    steps.call(Syscall.UNSHARE, Flag.NEW_MOUNT).because(why);
    propagate(Flag.CWD, "/", SLAVE, "nothing is passed on to the host, and CRIU copies this");
    String root = ((RootFilesystem.Directory) wanted.bundle().root()).path().toString();
    makePlaces(root);
    Slot tree = draft.input(Input.Kind.TREE_RECURSIVE, root, "root", why);
    propagate(Value.of(tree), "", SLAVE, "as the rest");
    draft.attach(steps, tree, Flag.CWD, place, why);
    draft.close(steps, tree);
  }

  private void propagate(Value directory, String path, Value how, String why) {
    draft
        .monitor
        .call(
            Syscall.MOUNT_SETATTR,
            directory,
            Value.text(path),
            Flag.THIS_AND_BELOW,
            how,
            Value.of(32))
        .because(why);
  }

  /** As at the start: a place may lie in what another mount shows. Then all of it is taken away. */
  private void makePlaces(String root) {
    Steps steps = draft.monitor;
    String why = "places for its mounts";
    Slot scratch = draft.input(Input.Kind.TREE_RECURSIVE, root, "scratch", why);
    propagate(Value.of(scratch), "", PRIVATE, "what is mounted here is seen nowhere else");
    draft.attach(steps, scratch, Flag.CWD, place, why);
    for (Mount mount : wanted.bundle().spec().mounts()) {
      if (mount.isBind()) {
        bind(scratch, mount);
      } else {
        cover(scratch, mount);
      }
    }
    steps
        .call(Syscall.UMOUNT2, Value.text(place), Value.named("MNT_DETACH", 2))
        .because("CRIU mounts what was mounted");
    draft.close(steps, scratch);
  }

  private void bind(Slot scratch, Mount mount) {
    Path source = wanted.bundleDirectory().resolve(mount.source().orElse(""));
    String why = "a place for '" + source + "' at '" + mount.destination() + "'";
    Slot tree =
        draft.input(
            mount.options().contains("rbind") ? Input.Kind.TREE_RECURSIVE : Input.Kind.TREE,
            source.toString(),
            "tree",
            why);
    Value.Constant want = RootLook.isDirectory(source) ? Flag.MAKE_DIRECTORY : Flag.MAKE_FILE;
    attach(scratch, tree, mount, want, why);
  }

  private void cover(Slot scratch, Mount mount) {
    String why = "a place for " + mount.type().orElse("") + " at '" + mount.destination() + "'";
    Slot tree =
        draft.filesystem(
            draft.monitor, "tmpfs", draft.slots.sharedBy("cover"), Flag.ZERO, why, "mode=755");
    attach(scratch, tree, mount, Flag.MAKE_DIRECTORY, why);
  }

  private void attach(Slot scratch, Slot tree, Mount mount, Value.Constant want, String why) {
    Slot target =
        draft.inRoot(draft.monitor, scratch, mount.destination(), want, 0755, "target", why);
    draft.attach(draft.monitor, tree, target, why);
    draft.close(draft.monitor, target);
    draft.close(draft.monitor, tree);
  }

  /** The half that executes CRIU begins; the slot of its pid. */
  static Slot fork(Draft draft, Optional<Slot> group) {
    Slot pid = draft.slots.take("pid");
    draft.slots.take("pidfd");
    draft
        .monitor
        .act(
            Step.Op.CLONE,
            Value.of(0),
            group.<Value>map(Value::of).orElse(Value.named("no cgroup", -1)))
        .into(pid)
        .because("CRIU, in the control group of what it brings back");
    return pid;
  }

  /** What CRIU is given by number: the socket, and the namespaces that are joined. */
  static List<Slot> inherited(Draft draft, Wanted wanted) {
    List<Slot> all = new ArrayList<>();
    all.add(draft.input(Input.Kind.CHANNEL, "criu", "channel", "CRIU is told what to do"));
    for (Namespace each : joined(wanted)) {
      all.add(
          draft.input(
              Input.Kind.READ,
              each.path().orElseThrow(),
              each.type() + "_namespace",
              "the namespace of another container"));
    }
    return all;
  }

  private void execute(List<Slot> passed) {
    draft
        .init
        .call(
            Syscall.PRCTL,
            Value.named("PR_SET_PDEATHSIG", 1),
            guest.detached() ? Flag.ZERO : Value.named("SIGKILL", 9),
            Flag.ZERO,
            Flag.ZERO,
            Flag.ZERO)
        .because("whether it outlives its monitor");
    execute(draft.init, criu, passed);
  }

  /** CRIU, with the descriptors that it is to know by their numbers. */
  static void execute(Steps init, String criu, List<Slot> passed) {
    for (int i = 0; i < passed.size(); i++) {
      init.call(Syscall.DUP3, Value.of(passed.get(i)), Value.of(CHANNEL + i), Flag.ZERO)
          .because("CRIU knows it by this number");
    }
    String why = "nothing else of ours";
    init.call(Syscall.CLOSE_RANGE, Value.of(FIRST), Value.of(CHANNEL - 1), Flag.ZERO).because(why);
    init.call(Syscall.CLOSE_RANGE, Value.of(CHANNEL + passed.size()), ALL, Flag.ZERO).because(why);
    List<String> words = List.of("criu", "swrk", Integer.toString(CHANNEL));
    init.act(
            Step.Op.EXEC,
            Value.at(Blob.texts(List.of(criu), "[" + criu + "]")),
            Value.at(Blob.texts(words, words.toString())),
            Value.at(Blob.texts(List.of(CriuProgram.PATH), "PATH alone")))
        .because("CRIU");
  }
}
