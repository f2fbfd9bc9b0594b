package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Process;
import io.kapsel.oci.User;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
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

/** The plan of another program in a running container: born in its groups, joined by pidfd. */
final class ExecPlanner {
  private static final long DEVPTS = 0x1cd1;

  private final Draft draft = new Draft("exec", new Slots(), 16);
  private final int target;
  private final Wanted wanted;
  private final Bundle bundle;
  private final Process process;
  private final Stdio stdio;
  private final List<Path> groups;

  ExecPlanner(
      int target, Bundle bundle, Process process, Stdio stdio, HostFacts facts, List<Path> groups) {
    this.target = target;
    this.bundle = bundle;
    this.wanted = new Wanted(with(bundle, process, stdio), facts);
    this.process = process;
    this.stdio = stdio;
    this.groups = groups;
  }

  /** The bundle as it would be with this program, for the planners that ask it. */
  private static Bundle with(Bundle bundle, Process process, Stdio stdio) {
    io.kapsel.oci.Spec spec = bundle.spec();
    io.kapsel.oci.Spec changed =
        new io.kapsel.oci.Spec(
            spec.ociVersion(),
            Optional.of(process),
            spec.root(),
            spec.hostname(),
            spec.domainname(),
            spec.mounts(),
            spec.hooks(),
            spec.annotations(),
            spec.linux());
    return new Bundle(
        bundle.id(),
        changed,
        bundle.root(),
        bundle.seccomp(),
        false,
        bundle.privileged(),
        stdio,
        bundle.runDirectory(),
        bundle.logDirectory(),
        0,
        bundle.asWritten(),
        bundle.system());
  }

  Segment plan() {
    Steps monitor = draft.monitor;
    Steps init = draft.init;
    Slot container =
        draft.input(Input.Kind.PROCESS, Integer.toString(target), "container", "whose namespaces");
    Optional<Slot> group = Optional.empty();
    List<Slot> tasks = new ArrayList<>();
    for (Path path : groups) {
      if (wanted.facts().cgroups().unified().filter(path::startsWith).isPresent()) {
        group =
            Optional.of(draft.input(Input.Kind.DIRECTORY, path.toString(), "group", "born there"));
      } else {
        tasks.add(
            draft.input(
                Input.Kind.WRITE_EXISTING, path.resolve("tasks").toString(), "tasks", "its group"));
      }
    }
    Rooms rooms = new Rooms();
    rooms.pid = draft.slots.take("pid");
    rooms.pidfd = draft.slots.take("pidfd");
    Optional<Process.ExecCpuAffinity> affinity = process.execCpuAffinity();
    affinity
        .flatMap(Process.ExecCpuAffinity::initial)
        .filter(list -> !list.isEmpty())
        .ifPresent(list ->
            SchedulingPlanner.bind(draft, monitor, list, "process.execCPUAffinity.initial"));
    monitor
        .act(
            Step.Op.CLONE,
            Value.of(0),
            group.<Value>map(Value::of).orElse(Value.named("no cgroup", -1)))
        .into(rooms.pid)
        .because("the process that enters");
    IdentityPlanner identity = new IdentityPlanner(draft, wanted, process);
    identity.limits(rooms.pid);
    StdioPlanner streams = new StdioPlanner(draft, wanted, rooms);
    Slot nothing = streams.noInput();
    List<Slot> passed = streams.pipes();
    List<Slot> taken = draft.handOver(monitor, init, passed, "the standard streams");
    for (Slot task : tasks) {
      draft.write(init, task, "0", "moves itself into the container's control group");
    }
    if (stdio.guest().isPresent() && affinity.isEmpty()) {
      SchedulingPlanner.release(init);
    }
    affinity
        .flatMap(Process.ExecCpuAffinity::last)
        .filter(list -> !list.isEmpty())
        .ifPresent(
            list -> SchedulingPlanner.bind(draft, init, list, "process.execCPUAffinity.final"));
    AgentPlanner agent = new AgentPlanner(draft, wanted);
    Slot proc = agent.needed() || labelled() ? openProc() : Draft.NONE;
    enter(init, container);
    schedule(identity, rooms);
    SchedulingPlanner.personality(init, wanted.linux());
    agent.prepare(proc);
    identity.answeredBy(agent);
    connect(streams, taken, nothing);
    stdio.guest().ifPresent(guest -> GuestPlanner.roles(monitor, guest));
    identity.planInit(bundle.seccomp(), proc);
    identity.execute();
    return draft.segment(true);
  }

  private void schedule(IdentityPlanner identity, Rooms rooms) {
    if (process.scheduler().isPresent() || process.ioPriority().isPresent()) {
      draft.pass(draft.init, draft.monitor, List.of(), "this process will be the program");
      identity.schedule(rooms.pid);
      draft.pass(draft.monitor, draft.init, List.of(), "it is scheduled as it should be");
    }
  }

  /**
   * A label is written through the launcher's own /proc, which nothing in the container changes.
   */
  private Slot openProc() {
    Slot proc = draft.slots.take("proc");
    draft
        .init
        .call(
            Syscall.OPENAT,
            Flag.CWD,
            Value.text("/proc"),
            Value.all(Flag.READ, Flag.DIRECTORY, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .into(proc)
        .because("what it says of this process is true");
    return proc;
  }

  private boolean labelled() {
    return process.apparmorProfile().isPresent() || process.selinuxLabel().isPresent();
  }

  private void enter(Steps init, Slot container) {
    List<Value.Constant> flags = new ArrayList<>(List.of(Flag.NEW_MOUNT));
    for (Namespace namespace : wanted.linux().namespaces()) {
      if (namespace.type() != Namespace.Type.MOUNT) {
        flags.add(Wanted.flag(namespace.type()));
      }
    }
    init.call(Syscall.SETNS, Value.of(container), Value.all(flags.toArray(Value.Constant[]::new)))
        .because("enters all namespaces of the container at once");
    if (wanted.linux().namespace(Namespace.Type.PID).isPresent()) {
      init.act(Step.Op.CLONE, Flag.SAME_PARENT, Value.named("no cgroup", -1))
          .because("a process in its pid namespace");
    }
    if (wanted.inUserNamespace()) {
      String why = "root of the container's user namespace";
      if (wanted.setsGroups()) {
        init.call(Syscall.SETGROUPS, Flag.ZERO, Flag.NULL).because(why);
      }
      init.call(Syscall.SETRESGID, Flag.ZERO, Flag.ZERO, Flag.ZERO).because(why);
      init.call(Syscall.SETRESUID, Flag.ZERO, Flag.ZERO, Flag.ZERO).because(why);
    }
  }

  private void connect(StdioPlanner streams, List<Slot> taken, Slot nothing) {
    Steps init = draft.init;
    init.call(Syscall.SETSID).because("a session of its own");
    if (!stdio.terminal()) {
      streams.duplicateAll(taken, nothing);
      return;
    }
    String why = "the container's own terminals";
    Slot pts = draft.slots.take("pts");
    init.call(
            Syscall.OPENAT,
            Flag.CWD,
            Value.text("/dev/pts"),
            Value.all(Flag.READ, Flag.DIRECTORY, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .into(pts)
        .because(why);
    Blob status = Blob.room(120, "statfs");
    init.call(Syscall.FSTATFS, Value.of(pts), Value.at(status)).because(why);
    init.act(
            Step.Op.EXPECT,
            new Value.Loaded(status, 8),
            Value.named("DEVPTS_SUPER_MAGIC", DEVPTS),
            Value.named("~0", -1),
            Value.named("ENOTTY", Errno.ENOTTY.number()))
        .because("it is a devpts, not something that the container put there");
    Slot master = draft.slots.take("pty");
    User user = process.user();
    StdioPlanner.openTerminal(draft, init, Value.of(pts), "ptmx", master, stdio, user);
    StdioPlanner.giveMaster(draft, master, stdio);
  }
}
