package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.oci.Hooks.Hook;
import io.kapsel.oci.Namespace;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * The hooks that run in the container's namespaces, as steps: the init half forks, the child reads
 * the state from a file in memory and executes the hook, the parent waits. When one fails the init
 * half ends, and with it everything that it has started.
 */
final class HookPlanner {
  private static final int PIDFD_READABLE = 1;
  private static final int SIGNAL_BITS = 0x7f;
  private static final int BAD_SYSTEM_CALL = 31;

  private final Draft draft;
  private final Wanted wanted;
  private Slot host = Draft.NONE;
  private Slot errors = Draft.NONE;

  HookPlanner(Draft draft, Wanted wanted) {
    this.draft = draft;
    this.wanted = wanted;
  }

  static List<Hook> beforeEntering(Wanted wanted) {
    return wanted.bundle().spec().hooks().map(all -> all.createContainer()).orElse(List.of());
  }

  /** Whether hooks look at the container's mounts before its root is entered. */
  static boolean seeMounts(Wanted wanted) {
    return wanted
        .bundle()
        .spec()
        .hooks()
        .filter(all ->
            !all.prestart().isEmpty()
                || !all.createRuntime().isEmpty()
                || !all.createContainer().isEmpty())
        .isPresent();
  }

  static List<Hook> beforeStarting(Wanted wanted) {
    return wanted.bundle().spec().hooks().map(all -> all.startContainer()).orElse(List.of());
  }

  /**
   * Hooks before the root is entered are programs of the host, and see the container's mounts where
   * the root is on the host. So the host's files are there for them, and the root is attached in
   * its own place. They cover the launcher's own root, so that whoever enters the mount namespace
   * stands in them.
   */
  static Slot rootPlace(Draft draft, Wanted wanted, Rooms rooms) {
    String why = "hooks are programs of the host";
    Slot tree = rooms.host;
    draft.attach(draft.init, tree, Flag.CWD, "/", why);
    RootFilesystem.Directory root = (RootFilesystem.Directory) wanted.bundle().root();
    return draft.inRoot(
        draft.init,
        tree,
        root.path().toString(),
        Flag.MUST_EXIST,
        0,
        "target",
        "hooks find the root where it is on the host");
  }

  /** {@code createContainer}. */
  void planCreate(Rooms rooms) {
    List<Hook> hooks = beforeEntering(wanted);
    if (hooks.isEmpty()) {
      return;
    }
    host = rooms.host;
    errors = errors();
    for (int i = 0; i < hooks.size(); i++) {
      run("createContainer", i, hooks.get(i), "creating", () -> {});
    }
  }

  /** {@code startContainer}: what it needs of the host is there before the root is entered. */
  void prepareStart() {
    if (!beforeStarting(wanted).isEmpty()) {
      errors = errors();
    }
  }

  /** {@code confine} is what the hook's process does last before it becomes the hook. */
  void planStart(Runnable confine) {
    host = Draft.NONE;
    List<Hook> hooks = beforeStarting(wanted);
    for (int i = 0; i < hooks.size(); i++) {
      run("startContainer", i, hooks.get(i), "created", confine);
    }
  }

  private Slot errors() {
    Slot file =
        draft.input(Input.Kind.ERRORS, "hooks", "errors", "what hooks have to say when they fail");
    return draft
        .handOver(draft.monitor, draft.init, List.of(file), "what hooks have to say")
        .getFirst();
  }

  private void run(String kind, int index, Hook hook, String status, Runnable confine) {
    Steps init = draft.init;
    String why = HookRunner.what(kind, index);
    Slot state = state(status, why);
    Slot pid = draft.slots.sharedBy("hook");
    init.call(Syscall.CLONE, Value.named("SIGCHLD", 17), Flag.NULL, Flag.NULL, Flag.NULL, Flag.NULL)
        .into(pid)
        .because(why);
    Step divide =
        init.act(
                Step.Op.EXPECT,
                Value.of(pid),
                Flag.ZERO,
                Value.named("~0", -1),
                Value.named("EAGAIN", Errno.EAGAIN.number()))
            .because("the child goes on to the hook")
            .tolerating(Errno.EAGAIN);
    int before = init.list().size();
    child(hook, state, why, confine);
    divide.elseSkipping(init.list().size() - before);
    await(hook, pid, why);
    draft.close(init, state);
  }

  /** The number is the one that a process in the container sees. */
  private Slot state(String status, String why) {
    int pid = wanted.own(Namespace.Type.PID) ? 1 : StatePlanner.PID;
    String json =
        new String(
            HookRunner.state(wanted.bundle(), status, Optional.of(pid)), StandardCharsets.UTF_8);
    return new StatePlanner(draft).file(draft.slots.sharedBy("state"), json, why);
  }

  private void child(Hook hook, Slot state, String why, Runnable confine) {
    Steps init = draft.init;
    init.call(Syscall.SETSID).because(why);
    if (host.isThere()) {
      init.call(Syscall.FCHDIR, Value.of(host)).because(why);
      init.call(Syscall.CHROOT, Value.text(".")).because("hooks are programs of the host");
      init.call(Syscall.CHDIR, Value.text(place())).because("in the root, as the hook knows it");
    }
    Slot nothing = draft.slots.sharedBy("nothing");
    init.call(
            Syscall.OPENAT,
            Flag.CWD,
            Value.text("/dev/null"),
            Value.all(Flag.WRITE, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .into(nothing)
        .because(why);
    init.call(Syscall.DUP3, Value.of(state), Flag.ZERO, Flag.ZERO).because(why);
    init.call(Syscall.DUP3, Value.of(nothing), Value.of(1), Flag.ZERO).because(why);
    init.call(Syscall.DUP3, Value.of(errors), Value.of(2), Flag.ZERO).because(why);
    init.call(Syscall.UMASK, Value.mode(022)).because(why);
    init.call(
            Syscall.CLOSE_RANGE,
            Value.of(3),
            Value.named("~0", 0xffffffffL),
            Value.named("CLOSE_RANGE_CLOEXEC", 4))
        .because("a hook gets nothing of ours");
    List<String> args = hook.args().isEmpty() ? List.of(hook.path()) : hook.args();
    List<String> variables = environment(hook);
    confine.run();
    init.call(
            Syscall.EXECVE,
            Value.text(hook.path()),
            Value.at(Blob.texts(args, args.toString())),
            Value.at(Blob.texts(variables, variables.size() + " variables")))
        .because(why);
  }

  private String place() {
    return ((RootFilesystem.Directory) wanted.bundle().root()).path().toString();
  }

  /** A hook in the container that names none has the environment of the program. */
  private List<String> environment(Hook hook) {
    return hook.env().isEmpty() && !host.isThere() ? wanted.process().env() : hook.env();
  }

  private void await(Hook hook, Slot pid, String why) {
    Steps init = draft.init;
    if (hook.timeout().isPresent()) {
      Slot process = draft.slots.sharedBy("hook_pidfd");
      Slot count = draft.slots.sharedBy("count");
      String slow = why + ": did not end within " + hook.timeout().get() + " s";
      init.call(Syscall.PIDFD_OPEN, Value.of(pid), Flag.ZERO).into(process).because(why);
      Blob polled = Blob.words("{hook, POLLIN}", (long) PIDFD_READABLE << 32);
      draft.poke(init, polled, 0, process, 4);
      init.call(
              Syscall.PPOLL,
              Value.at(polled),
              Value.of(1),
              Value.at(Blob.words("{" + hook.timeout().get() + " s}", hook.timeout().get(), 0)),
              Flag.NULL,
              Flag.ZERO)
          .into(count)
          .because(why);
      init.act(
              Step.Op.EXPECT,
              Value.of(count),
              Value.of(1),
              Value.named("~0", -1),
              Value.named("ETIMEDOUT", Errno.ETIMEDOUT.number()))
          .because(slow);
      draft.close(init, process);
    }
    Blob status = Blob.room(8, "status");
    init.call(Syscall.WAIT4, Value.of(pid), Value.at(status), Flag.ZERO, Flag.NULL).because(why);
    init.act(
            Step.Op.EXPECT,
            new Value.Loaded(status, 4),
            Value.of(BAD_SYSTEM_CALL),
            Value.of(SIGNAL_BITS),
            Value.named("EPERM", Errno.EPERM.number()))
        .because(why)
        .tolerating(Errno.EPERM)
        .elseSkipping(1);
    init.act(
            Step.Op.EXPECT,
            Flag.ZERO,
            Value.of(1),
            Value.named("~0", -1),
            Value.named("ETIMEDOUT", Errno.ETIMEDOUT.number()))
        .because(why + ": signal: bad system call");
    init.act(
            Step.Op.EXPECT,
            new Value.Loaded(status, 4),
            Flag.ZERO,
            Value.named("~0", -1),
            Value.named("ECANCELED", Errno.ECANCELED.number()))
        .because(why);
  }
}
