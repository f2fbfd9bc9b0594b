package io.kapsel.runtime;

import io.kapsel.linux.Syscall;
import io.kapsel.oci.Mount;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Slots;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The plan that brings a container of the engine's own back. The monitor makes what a container has
 * of the host: control group, root, bind mounts, devices, pipes. Its other half lays all that out
 * in a mount namespace that is the host's but for one directory, and executes CRIU, which makes the
 * rest and whose children are the monitor's.
 */
final class ReturnPlanner {
  private static final String DEV = "/dev";
  private static final int REGULAR = 0100000;
  private static final int MOST_INPUTS = 120;

  private final Wanted wanted;
  private final CriuProgram criu;
  private final Path table;
  private final Draft draft = new Draft("return", new Slots(), MOST_INPUTS);
  private final Rooms rooms = new Rooms();

  /** {@code table}: a directory of the host that is covered, for CRIU alone, by what it mounts. */
  ReturnPlanner(Wanted wanted, CriuProgram criu, Path table) {
    this.wanted = wanted;
    this.criu = criu;
    this.table = table;
  }

  /** Where the root is, for CRIU. */
  Path root() {
    return table.resolve("root");
  }

  /** The source of each mount that CRIU does not make itself, by the name that it has in images. */
  Map<String, String> sources(Frozen frozen) {
    Map<String, String> all = new LinkedHashMap<>();
    List<Mount> binds = binds();
    for (int i = 0; i < binds.size(); i++) {
      String destination = binds.get(i).destination();
      all.put(
          frozen.mounts().getOrDefault(destination, destination),
          table.resolve("m" + i).toString());
    }
    all.put(DEV, table.resolve("dev").toString());
    String nothing = table.resolve("dev/null").toString();
    wanted.linux().maskedPaths().forEach(path -> all.put(path, nothing));
    return all;
  }

  private List<Mount> binds() {
    return wanted.otherMounts().stream().filter(Mount::isBind).toList();
  }

  Segment plan() {
    CgroupPlanner cgroups =
        new CgroupPlanner(draft, wanted.facts().cgroups(), wanted.cgroupPlace());
    SandboxPlanner sandbox = new SandboxPlanner(draft, wanted, rooms);
    ContainerPlanner container = new ContainerPlanner(draft, wanted, rooms);
    Optional<Slot> group = sandbox.groups(cgroups);
    owners();
    Slot dev = sandbox.makeDevices();
    Slot root = new RootPlanner(draft, wanted, rooms).plan();
    List<ContainerPlanner.Bind> binds = container.binds();
    List<Slot> streams = new StdioPlanner(draft, wanted, rooms).pipes();
    Slot host =
        draft.input(
            Input.Kind.READ, "/proc/self/ns/mnt", "host_mounts", "CRIU is a program of the host");
    List<Slot> passed = RestorePlanner.inherited(draft, wanted);
    rooms.pid = RestorePlanner.fork(draft, group);
    container.roles();
    draft.pass(draft.monitor, draft.init, List.of(), "its control groups are there");
    cgroups.join(draft.init);
    lay(host, root, dev, binds);
    streams(streams);
    RestorePlanner.execute(draft.init, criu.path(), passed);
    return draft.segment(true);
  }

  /** A user namespace as the container has it: mounts are shown with its ids before it is there. */
  private void owners() {
    if (wanted.mapped()) {
      rooms.userNamespace =
          draft.owners(
              wanted.linux().uidMappings(),
              wanted.linux().gidMappings(),
              "layers and volumes are shown with its ids");
    }
  }

  private void lay(Slot host, Slot root, Slot dev, List<ContainerPlanner.Bind> binds) {
    Steps init = draft.init;
    String why = "what CRIU finds on the host, and what the container has of it";
    init.call(Syscall.SETNS, Value.of(host), Flag.NEW_MOUNT).because(why);
    init.call(Syscall.UNSHARE, Flag.NEW_MOUNT).because(why);
    init.call(
            Syscall.MOUNT_SETATTR,
            Flag.CWD,
            Value.text("/"),
            Flag.RECURSIVE,
            RestorePlanner.SLAVE,
            Value.of(32))
        .because("nothing is passed on to the host");
    Slot top =
        draft.filesystem(
            init,
            "tmpfs",
            "table",
            Value.all(Flag.NO_SUID, Flag.NO_EXECUTION),
            "whom the container's ids belong to gets through",
            "mode=711");
    init.call(Syscall.UMASK, Flag.ZERO).because("modes as they are written here");
    put(top, "root", root, true);
    put(top, "dev", dev, true);
    for (int i = 0; i < binds.size(); i++) {
      put(top, "m" + i, binds.get(i).tree(), binds.get(i).directory());
    }
    draft.attach(init, top, Flag.CWD, table.toString(), why);
    for (int i = 0; i < binds.size(); i++) {
      draft.attach(init, binds.get(i).tree(), Value.of(top), "m" + i, why);
    }
    draft.attach(init, root, Value.of(top), "root", why);
    draft.attach(init, dev, Value.of(top), "dev", why);
    init.call(Syscall.UMASK, Value.mode(077)).because("nothing for others by oversight");
  }

  private void put(Slot top, String name, Slot tree, boolean directory) {
    String why = "a place for '" + tree.name() + "'";
    if (directory) {
      draft
          .init
          .call(Syscall.MKDIRAT, Value.of(top), Value.text(name), Value.mode(0755))
          .because(why);
    } else {
      draft
          .init
          .call(
              Syscall.MKNODAT,
              Value.of(top),
              Value.text(name),
              Value.mode(REGULAR | 0644),
              Flag.ZERO)
          .because(why);
    }
  }

  private void streams(List<Slot> pipes) {
    draft.init.call(Syscall.SETSID).because("a session of its own");
    int number = pipes.size() == 3 ? 0 : 1;
    for (Slot pipe : pipes) {
      draft
          .init
          .call(Syscall.DUP3, Value.of(pipe), Value.of(number), Flag.ZERO)
          .because("takes the place of standard stream " + number);
      number++;
    }
  }

  /** What the engine does in a network namespace that CRIU has made empty. */
  static Segment network(Wanted wanted) {
    Draft draft = new Draft("network", new Slots(), 1);
    NamespacePlanner namespaces = new NamespacePlanner(draft, wanted, new Rooms());
    Slot process = draft.input(Input.Kind.PROCESS, "init", "process", "its first process");
    Slot proc = draft.slots.take("proc");
    draft
        .monitor
        .call(
            Syscall.OPENAT,
            Flag.CWD,
            Value.text("/proc"),
            Value.all(Flag.PATH, Flag.DIRECTORY, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .into(proc)
        .because("settings of the kernel");
    draft
        .monitor
        .call(Syscall.SETNS, Value.of(process), Flag.NEW_NETWORK)
        .because("its network namespace is empty");
    namespaces.loopback(draft.monitor);
    wanted.sysctls().entrySet().stream()
        .filter(each -> each.getKey().startsWith("net."))
        .forEach(each ->
            draft.put(
                draft.monitor,
                proc,
                "sys/" + each.getKey().replace('.', '/'),
                each.getValue(),
                "sysctl " + each.getKey()));
    return draft.segment(false);
  }
}
