package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.cgroup.CgroupWrite;
import io.kapsel.linux.cgroup.GroupFiles;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.IdMapping;
import io.kapsel.oci.Process;
import io.kapsel.oci.Resources;
import io.kapsel.runtime.plan.EncodedPlan;
import io.kapsel.runtime.plan.EncodedSegment;
import io.kapsel.runtime.plan.LaunchPlan;
import io.kapsel.runtime.plan.Segment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** Makes containers run. Knows nothing of their names, images or logs. */
public final class ContainerRuntime implements AutoCloseable {
  private static final int START_TIME = 19; // of the fields behind the name
  private static final long NANOS_A_TICK = 10_000_000; // USER_HZ is 100 on every architecture here

  private final HostFacts facts;
  private final Cgroups cgroups;
  private SharedParents parents;
  private final DevicePrograms programs = new DevicePrograms();
  private final ReentrantLock zygoteLock = new ReentrantLock();
  private Zygote zygote;
  private Optional<Control> spare = Optional.empty();
  private boolean closed;

  private ContainerRuntime(HostFacts facts, Cgroups cgroups, SharedParents parents) {
    this.facts = facts;
    this.cgroups = cgroups;
    this.parents = parents;
    this.zygote = Zygote.start(programs, facts.authority().mountsKernel());
  }

  /** Prepares the host's control groups and starts the first launcher. */
  public static ContainerRuntime open(HostFacts facts) {
    Cgroups cgroups = new Cgroups(facts.cgroups());
    return new ContainerRuntime(facts, cgroups, cgroups.prepare());
  }

  /** What the host offers. */
  public HostFacts facts() {
    return facts;
  }

  /** The same for those who have a tree of processes of their own for them. */
  public GuestRuntime guests() {
    return new GuestRuntime(facts, programs, this::spawn, this::mounts);
  }

  /** Freezes containers into files, and brings them back. */
  public Checkpoints checkpoints() {
    return new Checkpoints(facts, programs, cgroups, this::spawn);
  }

  /** The mount namespace that is small, of the first launcher. */
  private Optional<String> mounts() {
    zygoteLock.lock();
    try {
      return zygote.alive() ? Optional.of(zygote.mounts()) : Optional.empty();
    } finally {
      zygoteLock.unlock();
    }
  }

  /** What {@link #launch} would do. */
  public LaunchPlan plan(Bundle bundle) {
    return LaunchPlanner.plan(bundle, facts);
  }

  /** Starts a container; returns when its program was executed. */
  public ContainerProcess launch(Bundle bundle, List<Client> clients) {
    if (bundle.asWritten().isPresent()) {
      return new WrittenLaunch(this::spawn, programs, cgroups, facts).start(bundle, clients);
    }
    EncodedPlan plan = EncodedPlan.of(plan(bundle));
    Sandbox sandbox = begin(bundle.id(), plan.sandbox());
    return launch(sandbox, plan, bundle.runDirectory(), clients, () -> {});
  }

  private RuntimeException undone(String id, RuntimeException failure) {
    try {
      cgroups.remove(id);
    } catch (LaunchException e) {
      failure.addSuppressed(e);
    }
    if (failure instanceof SyscallException e) {
      LaunchException wrapped = new LaunchException(LaunchException.Kind.FAILED, e.getMessage());
      wrapped.addSuppressed(e);
      return wrapped;
    }
    return failure;
  }

  /** The launcher that waits, or a new one. */
  private Control spawn() {
    zygoteLock.lock();
    try {
      Optional<Control> waiting = spare.filter(Control::alive);
      spare = Optional.empty();
      return waiting.orElseGet(this::fork);
    } finally {
      zygoteLock.unlock();
    }
  }

  /** While a program begins to run, a launcher for the next one is forked. */
  private void refill() {
    zygoteLock.lock();
    try {
      if (spare.isEmpty() && !closed) {
        spare = Optional.of(fork());
      }
    } catch (SyscallException | LaunchException e) {
      System.getLogger(ContainerRuntime.class.getName())
          .log(System.Logger.Level.DEBUG, "no launcher waits", e);
    } finally {
      zygoteLock.unlock();
    }
  }

  private Control fork() {
    zygoteLock.lock();
    try {
      if (!zygote.alive()) {
        zygote.close();
        zygote = Zygote.start(programs, facts.authority().mountsKernel());
      }
      return zygote.spawn();
    } finally {
      zygoteLock.unlock();
    }
  }

  /** A user namespace that nobody lives in, by which a mount can show owners as others. */
  public Fd userNamespace(List<IdMapping> uids, List<IdMapping> gids) {
    return owners().make(Wanted.lines(uids) + "/" + Wanted.lines(gids));
  }

  private WrittenLaunch.UserNamespaces owners() {
    return new WrittenLaunch.UserNamespaces(this::spawn, programs);
  }

  /** Makes everything that does not depend on the root and the program. */
  public Sandbox prepare(String id, EncodedSegment segment) {
    Sandbox sandbox = begin(id, segment);
    try {
      int _ = sandbox.pid();
      return sandbox;
    } catch (LaunchException | SyscallException e) {
      sandbox.close();
      throw undone(id, e);
    }
  }

  /** The same without waiting: what fails is told to whoever launches a container in it. */
  public Sandbox begin(String id, EncodedSegment segment) {
    try {
      return beginNow(id, segment);
    } catch (LaunchException e) {
      if (!makesParents()) {
        throw e;
      }
      return beginNow(id, segment);
    }
  }

  /** Whether somebody had removed the groups above all containers, and they are there again. */
  private boolean makesParents() {
    zygoteLock.lock();
    try {
      if (closed || parents.areThere()) {
        return false;
      }
      SharedParents removed = parents;
      parents = cgroups.prepare();
      removed.forget();
      return true;
    } finally {
      zygoteLock.unlock();
    }
  }

  private Sandbox beginNow(String id, EncodedSegment segment) {
    Control control = spawn();
    try {
      Launch launch = new Launch(control, programs).mapping(owners()::make);
      launch.send(segment);
      return new Sandbox(id, control, launch, segment);
    } catch (LaunchException | SyscallException e) {
      control.close();
      throw undone(id, e);
    }
  }

  /**
   * Starts a container in a sandbox, or without it where that does not fit; returns when its
   * program was executed. The sandbox is used up either way.
   *
   * @param runDirectory where the monitor keeps its socket and the exit record
   * @param meanwhile what the caller does while the launcher works; when it fails, so does this
   */
  public ContainerProcess launch(
      Sandbox sandbox,
      EncodedPlan plan,
      Path runDirectory,
      List<Client> clients,
      Runnable meanwhile) {
    if (!sandbox.fits(plan.sandbox())) {
      discard(sandbox);
      Sandbox other = begin(sandbox.id(), plan.sandbox());
      return launch(other, plan, runDirectory, clients, meanwhile);
    }
    Launch launch = sandbox.launch().noting(plan.notices());
    try (Launch.Packed container = launch.pack(plan.container())) {
      clients.forEach(each -> each.attachTo(sandbox.control()));
      launch.send(container);
      meanwhile.run();
      ContainerProcess started = launch.awaitStarted(Optional.of(runDirectory.resolve("exit")));
      refill();
      return started;
    } catch (RuntimeException e) {
      sandbox.close();
      throw undone(sandbox.id(), e);
    }
  }

  /** That sandbox, or another one in which such a container can be made. */
  public Sandbox fitting(Sandbox sandbox, EncodedPlan plan) {
    if (sandbox.fits(plan.sandbox())) {
      return sandbox;
    }
    discard(sandbox);
    return begin(sandbox.id(), plan.sandbox());
  }

  /** Ends a sandbox that is not needed. */
  public void discard(Sandbox sandbox) {
    sandbox.close();
    cgroups.remove(sandbox.id());
  }

  /**
   * Executes another program in a running container.
   *
   * @param limited whether it is in the container's control groups, or in those of the engine
   */
  public ContainerProcess exec(
      ContainerProcess target,
      Bundle bundle,
      Process process,
      boolean limited,
      Stdio stdio,
      List<Client> clients) {
    List<Path> groups = limited ? groupsToEnter(bundle) : List.of();
    Segment segment = new ExecPlanner(target.pid(), bundle, process, stdio, facts, groups).plan();
    Control control = spawn();
    try {
      Launch launch = new Launch(control, programs).entering(target.handle());
      clients.forEach(each -> each.attachTo(control));
      launch.send(segment);
      return launch.awaitStarted(Optional.empty());
    } catch (LaunchException | SyscallException e) {
      control.close();
      throw e instanceof LaunchException
          ? e
          : new LaunchException(LaunchException.Kind.FAILED, e.getMessage());
    }
  }

  /** A group with others below, as an init inside makes them, may hold no process itself. */
  private List<Path> groupsToEnter(Bundle bundle) {
    List<Path> groups = cgroups.groups(bundle.id());
    return bundle.system() ? groups.stream().map(cgroups::leaf).toList() : groups;
  }

  /** Finds the monitor of a container again, after a restart of the engine. */
  public Optional<ContainerProcess> reconnect(Bundle bundle) {
    return reconnect(bundle.runDirectory());
  }

  /**
   * The same by the directory where its socket is; nothing where there is no monitor any more.
   *
   * @throws SyscallException for want of descriptors or memory, after which it may be there still
   */
  public Optional<ContainerProcess> reconnect(Path runDirectory) {
    return Control.connect(runDirectory).flatMap(control -> started(control, runDirectory));
  }

  /** A message whose descriptor finds no room is cut, as one that is too long. */
  private Optional<ContainerProcess> started(Control control, Path runDirectory) {
    try {
      Launch launch = new Launch(control, programs);
      return Optional.of(launch.awaitStarted(Optional.of(runDirectory.resolve("exit"))));
    } catch (LaunchException _) {
      control.close();
      return Optional.empty();
    } catch (SyscallException e) {
      control.close();
      if (e.is(Errno.EMSGSIZE)) {
        throw new SyscallException(e.call(), e.subject(), Errno.EMFILE);
      }
      if (e.isShortage()) {
        throw e;
      }
      return Optional.empty();
    }
  }

  /** What a monitor wrote about its container's end. */
  public Optional<ExitRecord> record(Path runDirectory) {
    return ExitRecord.read(runDirectory.resolve("exit"));
  }

  /** How often the kernel killed one of its processes for want of memory; ask before removing. */
  public long oomKills(String id) {
    return cgroups.oomKills(id);
  }

  /** The most bytes that it used at once, where the kernel counts that; ask before removing. */
  public Optional<Long> memoryPeak(String id) {
    return cgroups.memoryPeak(id);
  }

  /**
   * The same for a bundle that is obeyed word for word, whose hooks run then; what those had to
   * complain of.
   */
  public List<String> remove(Bundle bundle) {
    if (bundle.asWritten().isEmpty()) {
      remove(bundle.id());
      return List.of();
    }
    WrittenLaunch.remove(bundle.asWritten().get().cgroup());
    return new HookRunner(bundle).deleted();
  }

  /** Ends what is left of a container and removes its control groups. */
  public void remove(String id) {
    cgroups.remove(id);
  }

  /** Stops all processes of a container, or lets them go on; returns when that is so. */
  public void freeze(String id, boolean frozen) {
    live(id).freeze(frozen);
  }

  /** Whether its processes are stopped. */
  public boolean frozen(String id) {
    return live(id).frozen();
  }

  /** Its processes, in the host's numbers. */
  public List<Integer> processes(String id) {
    return live(id).processes();
  }

  /** What it uses now. */
  public GroupUsage usage(String id) {
    return live(id).usage();
  }

  /** What it has of each resource, and which limits were in its way. */
  public List<Account> accounts(String id) {
    return new LiveAccounts(facts.cgroups(), live(id)).all();
  }

  /** Gives a running container other limits; what is absent stays as it is. */
  public void limit(String id, Resources resources) {
    try {
      List<CgroupWrite> writes =
          new ArrayList<>(Limits.of(resources, facts.cpus()).writes(facts.cgroups()));
      resources
          .pids()
          .flatMap(Resources.Pids::limit)
          .filter(most -> most <= 0)
          .ifPresent(_ -> writes.add(new CgroupWrite("pids", "pids.max", "max")));
      live(id).limit(writes);
    } catch (io.kapsel.linux.cgroup.CgroupException e) {
      throw new LaunchException(LaunchException.Kind.REFUSED, String.valueOf(e.getMessage()));
    }
  }

  /** What a running container is given or loses, in its mount namespace and its groups. */
  public Plugging plugging(ContainerProcess target, Bundle bundle) {
    return new Plugging(target, bundle, facts, live(bundle.id()), this::run);
  }

  private List<String> run(ContainerProcess target, Segment segment) {
    Control control = spawn();
    try {
      Launch launch =
          new Launch(control, programs).entering(target.handle()).mapping(owners()::make);
      launch.send(segment);
      int _ = launch.awaitDone();
      return launch.notices();
    } catch (SyscallException e) {
      throw new LaunchException(LaunchException.Kind.FAILED, e.getMessage());
    } finally {
      control.close();
    }
  }

  /** Lets a view show what a running container has; again when its limits have changed. */
  public void show(ProcView view, String id, int pid) {
    view.count(id, startOf(pid), ViewSources.of(facts.cgroups(), live(id)));
  }

  /** When a process began, in nanoseconds since the host's boot; see proc_pid_stat(5). */
  private static long startOf(int pid) {
    String stat = GroupFiles.text(Path.of("/proc", Integer.toString(pid), "stat"));
    String[] words = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
    return words.length > START_TIME ? Long.parseLong(words[START_TIME]) * NANOS_A_TICK : 0;
  }

  /** What a file of its control groups says; nothing where there is none. */
  public Optional<String> group(String id, String file) {
    return live(id).read(file);
  }

  /** Writes into a file of its control groups. */
  public void group(String id, String file, String value) {
    live(id).write(file, value);
  }

  private LiveGroups live(String id) {
    return new LiveGroups(facts.cgroups(), id);
  }

  /** The ids of all containers and sandboxes that have a control group. */
  public Set<String> known() {
    return cgroups.ids();
  }

  /** Ends the first launcher; containers go on. */
  @Override
  public void close() {
    zygoteLock.lock();
    try {
      closed = true;
      spare.ifPresent(Control::close);
      zygote.close();
      programs.close();
      parents.close();
    } finally {
      zygoteLock.unlock();
    }
  }
}
