package io.kapsel.runtime;

import io.kapsel.linux.Syscall;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Process;
import io.kapsel.runtime.plan.LaunchPlan;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Slots;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The plan of a bundle whose configuration is obeyed word for word: mounts in their order, whatever
 * they are, and only the namespaces that it names.
 *
 * <p>Its first segment ends when everything is mounted and nothing is entered yet, which is where
 * the hooks {@code prestart} and {@code createRuntime} belong; the second enters the root and
 * executes the program.
 */
final class BundlePlanner {
  private static final int MOST_INPUTS = 200;
  private static final int FEW_INPUTS = 16;

  private final Wanted wanted;
  private final Rooms rooms = new Rooms();
  private final Draft sandbox;
  private final Draft container;
  private final Process process;
  private final List<Segment> before = new ArrayList<>();

  BundlePlanner(Wanted wanted) {
    this.wanted = wanted;
    Slots slots = new Slots();
    this.sandbox = new Draft("sandbox", slots, MOST_INPUTS);
    this.container = new Draft("container", slots, FEW_INPUTS);
    this.process = wanted.process();
  }

  LaunchPlan plan(List<String> notices) {
    MountPlanner mounts = new MountPlanner(sandbox, wanted, rooms);
    prepare(mounts);
    enter(mounts);
    Segment first = sandbox.segment(false);
    return new LaunchPlan(before, first, container.segment(true), notices);
  }

  /** systemd makes the group, and puts the init half into it, once that is there. */
  private boolean bySystemd() {
    return wanted.bundle().asWritten().flatMap(AsWritten::scope).isPresent();
  }

  /** Namespaces, control groups and mounts. */
  private void prepare(MountPlanner mounts) {
    Steps monitor = sandbox.monitor;
    Steps init = sandbox.init;
    CgroupPlanner cgroups =
        new CgroupPlanner(sandbox, wanted.facts().cgroups(), wanted.cgroupPlace());
    monitor.call(Syscall.UMASK, Flag.ZERO).because("modes as they are written here");
    Optional<Slot> group = bySystemd() ? Optional.empty() : make(cgroups);
    NamespacePlanner namespaces = new NamespacePlanner(sandbox, wanted, rooms);
    namespaces.join();
    ResctrlPlanner resctrl = new ResctrlPlanner(sandbox, wanted);
    resctrl.planMonitor();
    mounts.planMonitor();
    monitor.call(Syscall.UMASK, Value.mode(077)).because("nothing for others by oversight");
    namespaces.clocks();
    namespaces.divide(group, true);
    namespaces.mapIds();
    mounts.planOwners();
    if (bySystemd()) {
      before.add(sandbox.cut(LaunchPlan.BIRTH));
      make(cgroups);
      cgroups.handOver();
    }
    sandbox.pass(monitor, init, List.of(), "ids are mapped");
    resctrl.join();
    namespaces.joinUsers(init);
    namespaces.becomeRoot(init);
    cgroups.join(init);
    if (wanted.bundle().stdio().guest().isPresent()) {
      SchedulingPlanner.release(init);
    }
    if (wanted.own(Namespace.Type.CGROUP)) {
      init.call(Syscall.UNSHARE, Flag.NEW_CGROUP).because("its control group becomes the root");
    }
    if (wanted.own(Namespace.Type.NETWORK)) {
      namespaces.loopback(init);
    }
    moveNetDevices();
    new SysctlPlanner(sandbox, wanted).plan();
    mounts.planInit();
    sandbox.pass(init, monitor, List.of(), "everything is mounted");
  }

  private Optional<Slot> make(CgroupPlanner cgroups) {
    boolean filtered = wanted.facts().authority().isRoot(); // bpf(2) is for root alone
    return cgroups.make(wanted.limits(), wanted.deviceRules(), filtered);
  }

  /** Into the network of the process that the program will be, which is known only by now. */
  private void moveNetDevices() {
    if (wanted.linux().netDevices().isEmpty()) {
      return;
    }
    NetDevicePlanner devices = new NetDevicePlanner(sandbox, wanted);
    sandbox.pass(sandbox.init, sandbox.monitor, List.of(), "its network is there");
    devices.planMonitor(rooms.pid);
    sandbox.pass(sandbox.monitor, sandbox.init, List.of(), "devices have moved in");
    devices.planInit();
  }

  /** The root is entered, rights are given up, and the program runs. */
  private void enter(MountPlanner mounts) {
    Steps monitor = container.monitor;
    Steps init = container.init;
    StdioPlanner stdio = new StdioPlanner(container, wanted, rooms);
    IdentityPlanner identity = new IdentityPlanner(container, wanted, process);
    ContainerPlanner planner = new ContainerPlanner(container, wanted, rooms);
    identity.planMonitor(rooms.pid);
    List<Slot> streams = stdio.pipes();
    List<Slot> taken =
        container.handOver(monitor, init, new ArrayList<>(streams), "limits, and its streams");
    HookPlanner hooks = new HookPlanner(container, wanted);
    hooks.planCreate(rooms);
    hooks.prepareStart();
    stdio.connect(mounts.root(), taken);
    planner.roles();
    planner.names();
    Slot proc = identity.ownProc();
    AgentPlanner agent = new AgentPlanner(container, wanted);
    agent.prepare();
    identity.answeredBy(agent);
    planner.finishRoot(mounts.root());
    identity.beforeSealing(hooks::planStart);
    identity.outlive();
    identity.planInit(wanted.bundle().seccomp(), proc);
    if (wanted.bundle().init()) {
      init.act(Step.Op.REAPER).because("reaps and passes signals on");
    }
    identity.execute();
  }
}
