package io.kapsel.runtime;

import io.kapsel.linux.Syscall;
import io.kapsel.linux.host.Authority;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.LaunchPlan;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Slots;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The segments of a plan as a guest's launcher runs them. It begins in the caller's mount namespace
 * and working directory, so what the caller names by path is opened there, by the launcher, before
 * it leaves for a mount namespace of its own.
 */
final class GuestSegments {
  private static final int ADDRESS = 110;
  private static final int FEW = 16;

  private GuestSegments() {}

  /** {@code base}: makes or joins the small mount namespace that a zygote has, for a plan. */
  static List<Segment> of(
      List<Segment> whole, boolean detached, Optional<Segment> base, Authority who) {
    List<Segment> all = new ArrayList<>();
    boolean enters = whole.getFirst().name().equals(UserPlanner.USERS);
    List<Segment> plan = enters ? whole.subList(1, whole.size()) : whole;
    if (enters) {
      all.add(whole.getFirst());
    }
    all.add(opening(plan, detached, enters, who));
    int born = births(plan);
    for (Segment segment : plan.subList(0, born)) {
      all.addAll(handing(segment.inputs(), who));
    }
    base.ifPresent(all::add);
    for (int i = 0; i < plan.size(); i++) {
      Segment segment = plan.get(i);
      if (i >= born) {
        all.addAll(handing(segment.inputs(), who));
      }
      all.add(
          new Segment(
              segment.name(), List.of(), segment.monitor(), segment.init(), segment.last()));
    }
    return all;
  }

  /** {@code mounts}: where the small mount namespace is that may be joined. */
  static Segment base(Optional<String> mounts, Authority who) {
    Slots slots = Slots.last(FEW);
    return mounts
        .filter(_ -> who.isRoot())
        .map(path -> Zygote.joining(path, slots))
        .orElseGet(() -> Zygote.base(slots, 0, who.isRoot()));
  }

  /** What comes after a birth may need what is made only then, such as a control group. */
  private static int births(List<Segment> plan) {
    for (int i = 0; i < plan.size(); i++) {
      if (plan.get(i).name().equals(LaunchPlan.BIRTH)) {
        return i + 1;
      }
    }
    return plan.size();
  }

  /** What is mounted belongs to the caller where the engine could not mount it for him. */
  private static boolean openedByCaller(Input input, Authority who) {
    return switch (input.kind()) {
      case TREE, TREE_RECURSIVE, READ, SOCKET -> true;
      case FILESYSTEM -> !who.isRoot();
      case TREE_BELOW,
          DIRECTORY,
          WRITE,
          WRITE_EXISTING,
          LISTENER,
          PROCESS,
          CHANNEL,
          USER_NAMESPACE,
          COPY,
          ERRORS,
          DEVICE_PROGRAM ->
          false;
    };
  }

  private static Segment opening(
      List<Segment> plan, boolean detached, boolean enters, Authority who) {
    Draft draft = new Draft("opening", Slots.last(FEW), 0);
    if (enters) {
      UserPlanner.becomeRoot(draft.monitor, who);
    }
    if (!detached) {
      draft
          .monitor
          .call(
              Syscall.PRCTL,
              Value.named("PR_SET_CHILD_SUBREAPER", 36),
              Value.of(1),
              Flag.ZERO,
              Flag.ZERO,
              Flag.ZERO)
          .because("orphans of the container are reaped here");
    }
    for (Segment segment : plan) {
      segment.inputs().stream()
          .filter(input -> openedByCaller(input, who))
          .forEach(input -> open(draft, input));
    }
    return draft.segment(false);
  }

  private static void open(Draft draft, Input input) {
    Steps steps = draft.monitor;
    Value path = Value.text(input.path());
    switch (input.kind()) {
      case TREE ->
          steps
              .call(
                  Syscall.OPEN_TREE, Flag.CWD, path, Value.all(Flag.TREE_CLONE, Flag.TREE_CLOEXEC))
              .into(input.slot())
              .because(input.reason());
      case TREE_RECURSIVE ->
          steps
              .call(
                  Syscall.OPEN_TREE,
                  Flag.CWD,
                  path,
                  Value.all(Flag.TREE_CLONE, Flag.TREE_CLOEXEC, Flag.RECURSIVE))
              .into(input.slot())
              .because(input.reason());
      case SOCKET -> connect(steps, input);
      case FILESYSTEM -> {
        List<String> lines = input.path().lines().toList();
        draft.filesystem(
            steps,
            lines.getFirst(),
            input.slot(),
            Flag.ZERO,
            input.reason(),
            lines.subList(1, lines.size()).toArray(String[]::new));
      }
      default ->
          steps
              .call(
                  Syscall.OPENAT,
                  Flag.CWD,
                  path,
                  Value.all(Flag.READ, Flag.CLOSE_ON_EXEC),
                  Flag.ZERO)
              .into(input.slot())
              .because(input.reason());
    }
  }

  private static void connect(Steps steps, Input input) {
    byte[] path = input.path().getBytes(StandardCharsets.UTF_8);
    if (path.length > ADDRESS - 3) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "cannot connect to '" + input.path() + "': the path of a socket has at most 107 bytes");
    }
    ByteBuffer address = ByteBuffer.allocate(ADDRESS + 2).order(ByteOrder.LITTLE_ENDIAN);
    address.putShort((short) 1).put(path);
    steps
        .call(
            Syscall.SOCKET,
            Value.named("AF_UNIX", 1),
            Value.named("SOCK_STREAM|SOCK_CLOEXEC", 1 | 02000000),
            Flag.ZERO)
        .into(input.slot())
        .because(input.reason());
    steps
        .call(
            Syscall.CONNECT,
            Value.of(input.slot()),
            Value.at(Blob.of(address.array(), "{AF_UNIX, \"" + input.path() + "\"}")),
            Value.of(ADDRESS))
        .because(input.reason());
  }

  /** What the engine opens, in segments that do nothing: the slots of one are neighbours. */
  private static List<Segment> handing(List<Input> inputs, Authority who) {
    List<Segment> all = new ArrayList<>();
    List<Input> run = new ArrayList<>();
    for (Input input : inputs) {
      if (openedByCaller(input, who)) {
        add(all, run);
      } else {
        run.add(input);
      }
    }
    add(all, run);
    return all;
  }

  private static void add(List<Segment> all, List<Input> run) {
    if (!run.isEmpty()) {
      all.add(new Segment("inputs", run, List.of(), List.of(), false));
      run.clear();
    }
  }
}
