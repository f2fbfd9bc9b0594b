package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Role;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.List;
import java.util.Optional;

/**
 * The last steps of a guest's init half: it leaves its monitor, waits to be started, and keeps no
 * other descriptors than those that the caller passes on.
 */
final class GuestPlanner {
  /** Why the program is looked for. */
  static final String LOOK = "the program can be executed";

  private static final Blob ENDING =
      Blob.words("{SIGHUP, SIGINT, SIGQUIT, SIGTERM}", 1 | 1 << 1 | 1 << 2 | 1 << 14);
  private static final int ENDED = 128 + 15;
  private static final long READABLE = 1L << 32;
  private static final int RETURNED = 6;

  private static final int DETACHED = 2;
  private static final int FIRST = 3;
  private static final Value.Constant ALL = Value.named("~0", 0xffffffffL);

  private final Draft draft;
  private final Guest guest;
  private final boolean closing;

  /** {@code closing}: everything of the host is closed by the execution of the program anyway. */
  GuestPlanner(Draft draft, Guest guest, boolean closing) {
    this.draft = draft;
    this.guest = guest;
    this.closing = closing;
  }

  static void roles(Steps monitor, Guest guest) {
    monitor.role(Role.FLAGS, Value.of(guest.detached() ? DETACHED : 0));
  }

  void seal(List<String> candidates, Optional<Runnable> last) {
    if (guest.detached()) {
      draft
          .init
          .call(
              Syscall.PRCTL,
              Value.named("PR_SET_PDEATHSIG", 1),
              Flag.ZERO,
              Flag.ZERO,
              Flag.ZERO,
              Flag.ZERO)
          .because("it outlives its monitor");
    }
    lookFor(candidates);
    if (guest.barrier().isPresent()) {
      await(guest.barrier().get().toString(), last);
      return;
    }
    last.ifPresent(Runnable::run);
    if (guest.kept() == 0) {
      close(FIRST + 1);
    } else {
      moveSync();
    }
  }

  /** What cannot be executed is said now, and not when the container is started. */
  private void lookFor(List<String> candidates) {
    Steps init = draft.init;
    String why = LOOK;
    for (int i = 0; i < candidates.size(); i++) {
      boolean last = i == candidates.size() - 1;
      Step step =
          init.call(
                  Syscall.FACCESSAT2,
                  Flag.CWD,
                  Value.text(candidates.get(i)),
                  Value.named("X_OK", 1),
                  Value.named("AT_EACCESS", 0x200))
              .because(why)
              .orElse(candidates.size() - 1 - i);
      if (!last) {
        step.tolerating(Errno.ENOENT, Errno.ENOTDIR, Errno.EACCES);
      }
    }
    if (candidates.size() == 1) {
      refuseDirectory(candidates.getFirst());
    }
  }

  private void refuseDirectory(String program) {
    draft
        .init
        .call(
            Syscall.OPENAT,
            Flag.CWD,
            Value.text(program),
            Value.all(Flag.PATH, Flag.DIRECTORY, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .because(LOOK)
        .tolerating(Errno.ENOTDIR)
        .elseSkipping(1);
    draft
        .init
        .act(
            Step.Op.EXPECT,
            Flag.ZERO,
            Value.of(1),
            Value.named("~0", -1),
            Value.named("EISDIR", Errno.EISDIR.number()))
        .because(LOOK);
  }

  /** Closing the sync socket tells the monitor that its work is done. */
  private void await(String barrier, Optional<Runnable> last) {
    Steps init = draft.init;
    String why = "waits to be started";
    Slot listener = draft.input(Input.Kind.LISTENER, barrier, "barrier", why);
    List<Slot> passed = draft.handOver(draft.monitor, init, List.of(listener), why);
    draft.close(draft.monitor, listener);
    Slot start = draft.slots.take("start");
    init.call(Syscall.FCNTL, Value.of(passed.getFirst()), Value.named("F_SETFL", 4), Flag.ZERO)
        .because("it waits there");
    int place = FIRST + 1 + guest.kept();
    init.call(
            Syscall.DUP3,
            Value.of(passed.getFirst()),
            Value.of(place),
            Value.named("O_CLOEXEC", 02000000))
        .because(why);
    if (last.isEmpty()) {
      close(place + 2);
    }
    init.call(Syscall.CLOSE, Value.of(FIRST)).because("created: the monitor leaves");
    awaitEither(place);
    init.call(
            Syscall.ACCEPT4,
            Value.of(place),
            Flag.NULL,
            Flag.NULL,
            Value.named("SOCK_CLOEXEC", 02000000))
        .into(start)
        .because(why);
    init.call(Syscall.WRITE, Value.of(start), Value.text("s"), Value.of(1))
        .because("the one who started it knows that it was he");
    last.ifPresent(Runnable::run);
    if (guest.kept() > 0) {
      restoreFirst(Value.of(FIRST + guest.kept()));
    }
    close(FIRST + guest.kept());
  }

  /** The first process of a pid namespace gets no signal that it does not ask for. */
  void watchSignals() {
    if (guest.barrier().isEmpty()) {
      return;
    }
    Steps init = draft.init;
    int number = FIRST + 2 + guest.kept();
    String why = "a signal ends a container that is only created";
    Slot signals = draft.slots.take("signals");
    init.call(
            Syscall.RT_SIGPROCMASK,
            Value.named("SIG_BLOCK", 0),
            Value.at(ENDING),
            Flag.NULL,
            Value.of(Long.BYTES))
        .because(why);
    init.call(
            Syscall.SIGNALFD4,
            Value.of(-1),
            Value.at(ENDING),
            Value.of(Long.BYTES),
            Value.named("SFD_CLOEXEC", 02000000))
        .into(signals)
        .because(why);
    Slot above = draft.slots.take("above"); // dup3 refuses a number that it has already
    init.call(
            Syscall.FCNTL,
            Value.of(signals),
            Value.named("F_DUPFD_CLOEXEC", 1030),
            Value.of(number + 1))
        .into(above)
        .because(why);
    init.call(Syscall.DUP3, Value.of(above), Value.of(number), Value.named("O_CLOEXEC", 02000000))
        .because(why);
  }

  private void awaitEither(int start) {
    Steps init = draft.init;
    String why = "waits to be started, or ended";
    Blob polled = Blob.words("{start, signals}", start | READABLE, (start + 1) | READABLE);
    init.call(
            Syscall.PPOLL,
            Value.at(polled),
            Value.of(2),
            Flag.NULL,
            Flag.NULL,
            Value.of(Long.BYTES))
        .because(why);
    init.act(
            Step.Op.EXPECT,
            new Value.Loaded(polled.offset(Long.BYTES + RETURNED), 1),
            Flag.ZERO,
            Value.named("POLLIN", 1),
            Value.named("EINTR", Errno.EINTR.number()))
        .because(why)
        .tolerating(Errno.EINTR)
        .orElse(1);
    init.call(Syscall.EXIT_GROUP, Value.of(ENDED)).because("a signal has ended it");
    init.call(
            Syscall.RT_SIGPROCMASK,
            Value.named("SIG_UNBLOCK", 1),
            Value.at(ENDING),
            Flag.NULL,
            Value.of(Long.BYTES))
        .because("the program gets its signals");
  }

  /** The client had moved number 3, which the control socket takes in a launcher. */
  private void moveSync() {
    Steps init = draft.init;
    Slot first = draft.slots.take("descriptor_3");
    init.call(
            Syscall.FCNTL,
            Value.of(FIRST + guest.kept()),
            Value.named("F_DUPFD_CLOEXEC", 1030),
            Value.of(FIRST + guest.kept()))
        .into(first)
        .because("descriptors that the caller passes on");
    init.role(Role.SYNC, Value.of(FIRST + guest.kept()));
    restoreFirst(Value.of(first));
    close(FIRST + 1 + guest.kept());
  }

  private void close(int from) {
    Step close =
        draft
            .init
            .call(Syscall.CLOSE_RANGE, Value.of(from), ALL, Flag.ZERO)
            .because("nothing of the host stays open");
    if (closing) {
      close.toleratingAll();
    }
  }

  private void restoreFirst(Value from) {
    draft
        .init
        .call(Syscall.DUP3, from, Value.of(FIRST), Flag.ZERO)
        .because("descriptors that the caller passes on");
  }
}
