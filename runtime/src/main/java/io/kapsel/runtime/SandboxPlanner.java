package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Device;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Namespace;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The first segment: namespaces, id maps, and the file systems that every container has. Nothing in
 * it depends on the root file system or the program, so it can be run ahead.
 */
final class SandboxPlanner {
  private static final Value.Constant PRIVATE =
      Value.all(Flag.NO_SUID, Flag.NO_DEVICES, Flag.NO_EXECUTION);
  private static final int CHARACTER = 0020000;
  private static final int BLOCK = 0060000;
  private static final int REGULAR = 0100000;
  private static final int TTY_GROUP = 5;
  private static final int INPUTS = 16;
  private static final int INPUTS_WITH_DEVICES = 48;

  /** What a system sees of itself in its /proc. */
  private static final List<String> COUNTED = List.of("memory", "io");

  private static final Object[][] NODES = {
    {"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7},
    {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}
  };
  private static final String[][] LINKS = {
    {"/proc/self/fd", "fd"}, {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"},
    {"/proc/self/fd/2", "stderr"}, {"/proc/kcore", "core"}, {"pts/ptmx", "ptmx"}
  };

  private final Draft draft;
  private final Wanted wanted;
  private final Rooms rooms;
  private final BorrowedDevices borrowed;

  /** Whether every container has a device there, whatever it was given. */
  static boolean hasAnyway(String path) {
    return Stream.of(NODES).anyMatch(node -> path.equals("/dev/" + node[0]));
  }

  /** Who makes no nodes needs a descriptor for each device. */
  static int inputs(HostFacts facts) {
    return facts.authority().isRoot() ? INPUTS : INPUTS_WITH_DEVICES;
  }

  SandboxPlanner(Draft draft, Wanted wanted, Rooms rooms) {
    this.draft = draft;
    this.wanted = wanted;
    this.rooms = rooms;
    this.borrowed = new BorrowedDevices(draft);
  }

  private boolean makesGroups() {
    return wanted.bundle().system()
        || (wanted.bundle().asWritten().isEmpty()
            && wanted
                .mount("cgroup", "/sys/fs/cgroup")
                .filter(mount -> mount.options().contains("rw"))
                .isPresent());
  }

  void plan() {
    Steps monitor = draft.monitor;
    Steps init = draft.init;
    NamespacePlanner namespaces = new NamespacePlanner(draft, wanted, rooms);
    CgroupPlanner cgroups =
        new CgroupPlanner(draft, wanted.facts().cgroups(), wanted.cgroupPlace());
    Optional<Slot> group = groups(cgroups);
    namespaces.join();
    List<Slot> made = new ArrayList<>();
    monitor.call(Syscall.UMASK, Value.mode(077)).because("nothing for others by oversight");
    Optional<Slot> shm = new SharedMemoryPlanner(draft, wanted).ofAnother();
    shm.ifPresent(made::add);
    monitorMounts(made);
    namespaces.clocks();
    namespaces.divide(group, false);
    namespaces.mapIds();
    List<Slot> taken =
        draft.handOver(monitor, init, made, "ids are mapped; what only the host may make");
    namespaces.joinUsers(init);
    namespaces.becomeRoot(init);
    cgroups.join(init);
    if (wanted.own(Namespace.Type.CGROUP)) {
      init.call(Syscall.UNSHARE, Flag.NEW_CGROUP).because("its control group becomes the root");
    }
    if (wanted.own(Namespace.Type.NETWORK)) {
      namespaces.network(init);
    }
    mounts(init, taken, makeDevices(), shm.isPresent());
  }

  /** Its control groups. */
  Optional<Slot> groups(CgroupPlanner cgroups) {
    draft.monitor.call(Syscall.UMASK, Flag.ZERO).because("modes as they are written here");
    if (wanted.bundle().system()) {
      cgroups.count(COUNTED);
    }
    boolean filtered =
        !wanted.bundle().privileged() && wanted.facts().authority().isRoot(); // bpf(2) is for root
    Optional<Slot> group = cgroups.make(wanted.limits(), wanted.deviceRules(), filtered);
    if (wanted.mapped() && makesGroups()) {
      group.ifPresent(each -> cgroups.delegate(each, wanted.hostUid(0), wanted.hostGid(0)));
    }
    return group;
  }

  /** By root of the host: nodes made from constants, not copies of the host's. */
  Slot makeDevices() {
    String why = "a private /dev";
    Steps steps = draft.monitor;
    Slot dev =
        draft.filesystem(
            steps,
            "tmpfs",
            "dev",
            Value.all(Flag.NO_SUID, Flag.NO_EXECUTION),
            why,
            "mode=755",
            "size=65536k");
    steps.call(Syscall.UMASK, Flag.ZERO).because("modes as they are written here");
    for (String directory : List.of("pts", "shm", "mqueue")) {
      steps
          .call(Syscall.MKDIRAT, Value.of(dev), Value.text(directory), Value.mode(0755))
          .because(why);
    }
    devices().forEach(each -> device(dev, each));
    for (String[] link : LINKS) {
      link(dev, link[0], link[1], why);
    }
    if (wanted.bundle().stdio().terminal()) {
      node(dev, "console", REGULAR | 0600, 0, 0, 0, 0);
    }
    wanted.bundle().stdio().ttys().ifPresent(ttys -> placesFor(dev, ttys));
    own(dev, "", 0, 0, Flag.EMPTY_PATH);
    steps.call(Syscall.UMASK, Value.mode(077)).because("nothing for others by oversight");
    return dev;
  }

  /** One for each path, the first that was asked for, and none where something else comes. */
  private Collection<Device> devices() {
    Map<String, Device> all = new LinkedHashMap<>();
    for (Object[] node : NODES) {
      String path = "/dev/" + node[0];
      all.put(path, usual(path, (int) node[1], (int) node[2]));
    }
    Set<String> asked = new HashSet<>();
    for (Device device : wanted.linux().devices()) {
      if (asked.add(device.path())) {
        all.put(device.path(), device);
      }
    }
    for (String[] link : LINKS) {
      all.remove("/dev/" + link[1]);
    }
    if (wanted.bundle().stdio().terminal()) {
      all.remove("/dev/console");
    }
    return all.values();
  }

  private void placesFor(Slot dev, Ttys ttys) {
    for (String name : ttys.names()) {
      makeParents(dev, ttys.place(name));
      node(dev, ttys.place(name), REGULAR | 0600, 0, 0, 0, 0);
      if (ttys.directory().isPresent()) {
        link(dev, ttys.place(name), name, "the terminal " + name);
      }
    }
  }

  private void link(Slot dev, String target, String name, String why) {
    draft
        .monitor
        .call(Syscall.SYMLINKAT, Value.text(target), Value.of(dev), Value.text(name))
        .because(why);
    own(dev, name, 0, 0, Flag.NO_FOLLOW);
  }

  private void device(Slot dev, Device device) {
    if (!device.path().startsWith("/dev/")) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "a device can only be given below /dev, not at '" + device.path() + "'");
    }
    makeParents(dev, device.path().substring("/dev/".length()));
    if (!wanted.facts().authority().isRoot()) {
      borrowed.borrow(dev, device.path().substring("/dev/".length()), device);
      return;
    }
    int kind = device.type().equals("b") ? BLOCK : CHARACTER;
    node(
        dev,
        device.path().substring(5),
        kind | (device.fileMode().orElse(0660) & 07777),
        (int) device.major(),
        (int) device.minor(),
        device.uid().orElse(0L),
        device.gid().orElse(0L));
  }

  private static Device usual(String path, int major, int minor) {
    return new Device(
        path, "c", major, minor, Optional.of(0666), Optional.empty(), Optional.empty());
  }

  private void makeParents(Slot dev, String path) {
    for (int end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      draft
          .monitor
          .call(
              Syscall.MKDIRAT, Value.of(dev), Value.text(path.substring(0, end)), Value.mode(0755))
          .tolerating(Errno.EEXIST)
          .because("a directory for devices");
      own(dev, path.substring(0, end), 0, 0, Flag.NO_FOLLOW);
    }
  }

  private void node(Slot dev, String name, int mode, int major, int minor, long uid, long gid) {
    draft
        .monitor
        .call(
            Syscall.MKNODAT,
            Value.of(dev),
            Value.text(name),
            Value.mode(mode),
            Value.named(major + ":" + minor, BorrowedDevices.number(major, minor)))
        .because("a device of its own");
    own(dev, name, uid, gid, Flag.NO_FOLLOW);
  }

  private void own(Slot directory, String name, long uid, long gid, Value.Constant flags) {
    if (!wanted.shifted() && uid == 0 && gid == 0) {
      return;
    }
    draft
        .monitor
        .call(
            Syscall.FCHOWNAT,
            Value.of(directory),
            Value.text(name),
            Value.of(wanted.hostUid(uid)),
            Value.of(wanted.hostGid(gid)),
            flags)
        .because("belongs to the container's root");
  }

  /** What a user namespace may not mount because it does not own the namespace it shows. */
  private void monitorMounts(List<Slot> made) {
    if (!wanted.mapped()) {
      return;
    }
    if (!wanted.own(Namespace.Type.NETWORK) && wanted.has("sysfs", "/sys")) {
      made.add(sysfs(draft.monitor));
    }
    if (!wanted.own(Namespace.Type.IPC) && wanted.has("mqueue", "/dev/mqueue")) {
      made.add(draft.filesystem(draft.monitor, "mqueue", "mqueue", PRIVATE, "message queues"));
    }
    if (wanted.seesHostProcesses() && wanted.has("proc", "/proc")) {
      made.add(draft.filesystem(draft.monitor, "proc", "proc", PRIVATE, "processes of the host"));
    }
    if (!wanted.own(Namespace.Type.CGROUP) && showsCgroups()) {
      made.add(cgroups(draft.monitor));
    }
  }

  private Slot sysfs(Steps steps) {
    Value.Constant attributes =
        wanted.readOnly("/sys") ? Value.all(PRIVATE, Flag.READ_ONLY) : PRIVATE;
    return draft.filesystem(steps, "sysfs", "sys", attributes, "devices as the kernel sees them");
  }

  private void mounts(Steps init, List<Slot> taken, Slot devices, boolean sharesMemory) {
    boolean mapped = wanted.mapped();
    int next = 0;
    Optional<Slot> shm = sharesMemory ? Optional.of(taken.get(next++)) : Optional.empty();
    Optional<Slot> sys = Optional.empty();
    Optional<Slot> queues = Optional.empty();
    Optional<Slot> proc = Optional.empty();
    if (mapped && !wanted.own(Namespace.Type.NETWORK) && wanted.has("sysfs", "/sys")) {
      sys = Optional.of(taken.get(next++));
    }
    if (mapped && !wanted.own(Namespace.Type.IPC) && wanted.has("mqueue", "/dev/mqueue")) {
      queues = Optional.of(taken.get(next++));
    }
    if (mapped && wanted.seesHostProcesses() && wanted.has("proc", "/proc")) {
      proc = Optional.of(taken.get(next++));
    }
    Optional<Slot> groups = Optional.empty();
    if (mapped && !wanted.own(Namespace.Type.CGROUP) && showsCgroups()) {
      groups = Optional.of(taken.get(next));
    }
    if (wanted.has("proc", "/proc")) {
      rooms.proc =
          proc.orElseGet(() -> draft.filesystem(init, "proc", "proc", PRIVATE, "its processes"));
      draft.attach(init, rooms.proc, Flag.CWD, "/stage/proc", "to hide parts of it");
      sysctls(init);
    }
    if (wanted.has("sysfs", "/sys")) {
      rooms.sys = sys.orElseGet(() -> sysfs(init));
      draft.attach(init, rooms.sys, Flag.CWD, "/stage/sys", "to hide parts of it");
    }
    rooms.dev = draft.handOver(draft.monitor, init, List.of(devices), "a private /dev").getFirst();
    draft.attach(init, rooms.dev, Flag.CWD, "/stage/dev", "to put others on it");
    borrowed.attach(rooms.dev);
    wanted.mount("devpts", "/dev/pts").ifPresent(_ -> terminals(init));
    wanted.mount("tmpfs", "/dev/shm").ifPresent(mount -> sharedMemory(init, mount, shm));
    if (wanted.has("mqueue", "/dev/mqueue")) {
      Slot mount =
          queues.orElseGet(
              () -> draft.filesystem(init, "mqueue", "mqueue", PRIVATE, "message queues"));
      draft.attach(init, mount, Value.of(rooms.dev), "mqueue", "message queues");
    }
    if (showsCgroups()) {
      Slot view = groups.orElseGet(() -> cgroups(init));
      draft.attach(init, view, Value.of(rooms.sys), "fs/cgroup", "its own control group");
    }
    new MaskPlanner(draft, wanted, rooms).plan();
  }

  private void terminals(Steps init) {
    rooms.pts =
        draft.filesystem(
            init,
            "devpts",
            "pts",
            Value.all(Flag.NO_SUID, Flag.NO_EXECUTION),
            "terminals of its own",
            "newinstance",
            "ptmxmode=0666",
            "mode=0620",
            "gid=" + TTY_GROUP);
    draft.attach(init, rooms.pts, Value.of(rooms.dev), "pts", "terminals of its own");
  }

  private void sharedMemory(Steps init, Mount mount, Optional<Slot> another) {
    String size =
        mount.options().stream()
            .filter(option -> option.startsWith("size="))
            .findFirst()
            .orElse("size=65536k");
    Slot shm =
        another.orElseGet(() ->
            draft.filesystem(init, "tmpfs", "shm", PRIVATE, "shared memory", "mode=1777", size));
    draft.attach(init, shm, Value.of(rooms.dev), "shm", "shared memory");
  }

  private boolean showsCgroups() {
    return wanted.has("sysfs", "/sys")
        && wanted.facts().cgroups().unified().isPresent()
        && (wanted.has("cgroup", "/sys/fs/cgroup") || wanted.has("cgroup2", "/sys/fs/cgroup"));
  }

  private Slot cgroups(Steps steps) {
    Value.Constant attributes =
        wanted.readOnly("/sys/fs/cgroup") ? Value.all(PRIVATE, Flag.READ_ONLY) : PRIVATE;
    return draft.filesystem(steps, "cgroup2", "cgroup", attributes, "its own control group");
  }

  private void sysctls(Steps init) {
    for (Map.Entry<String, String> each : wanted.sysctls().entrySet()) {
      draft.put(
          init,
          rooms.proc,
          "sys/" + each.getKey().replace('.', '/'),
          each.getValue(),
          "sysctl " + each.getKey());
    }
  }
}
