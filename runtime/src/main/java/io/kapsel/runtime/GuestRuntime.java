package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.cgroup.CgroupWrite;
import io.kapsel.linux.host.Authority;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.memory.Memfd;
import io.kapsel.linux.process.Pidfd;
import io.kapsel.linux.socket.SeqPacketSocket;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Process;
import io.kapsel.oci.Resources;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.criu.CriuException;
import io.kapsel.runtime.criu.CriuSession;
import io.kapsel.runtime.plan.EncodedSegment;
import io.kapsel.runtime.plan.LaunchPlan;
import io.kapsel.runtime.plan.Segment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/**
 * Makes containers in other people's trees of processes: the plan is ours, the launcher is run by
 * whoever asks. Keeps nothing in memory that it could not make again.
 */
public final class GuestRuntime {
  private static final int KILL = 9;

  private final HostFacts facts;
  private final DevicePrograms programs;
  private final Supplier<Control> launchers;
  private final Supplier<Optional<String>> mounts;
  private final KnownBundles known = new KnownBundles();
  private final Fd program = Memfd.executable("kapsel-launcher", Zygote.program("kapsel-launcher"));

  /** {@code mounts}: the path of a small mount namespace that launchers may join. */
  GuestRuntime(
      HostFacts facts,
      DevicePrograms programs,
      Supplier<Control> launchers,
      Supplier<Optional<String>> mounts) {
    this.facts = facts;
    this.programs = programs;
    this.launchers = launchers;
    this.mounts = mounts;
  }

  /** One without an engine: nothing can be made that needs a user namespace nobody lives in. */
  public static GuestRuntime of(HostFacts facts) {
    return new GuestRuntime(
        facts,
        new DevicePrograms(),
        () -> {
          throw new LaunchException(
              LaunchException.Kind.REFUSED, "owners of mounts cannot be mapped without an engine");
        },
        Optional::empty);
  }

  /** What the host offers. */
  public HostFacts facts() {
    return facts;
  }

  /** A {@code config.json}; the last ones are known by their text. */
  public Spec configuration(byte[] text) {
    return known.spec(text);
  }

  /** A bundle that is obeyed word for word; see {@link Bundle#written}. */
  public Bundle bundle(String id, Spec spec, AsWritten asWritten, Stdio stdio, Path runDirectory) {
    return known.bundle(new KnownBundles.Request(id, spec, asWritten, stdio, runDirectory));
  }

  /** What {@link #launch} would do. */
  public LaunchPlan plan(Bundle bundle) {
    return LaunchPlanner.plan(bundle, facts);
  }

  /**
   * A program that runs now, or waits for its start.
   *
   * @param process its pidfd, the receiver's to close
   * @param attended its monitor, unless it has left
   */
  public record Started(
      int pid, Fd process, List<String> notices, Optional<ContainerProcess> attended) {}

  /**
   * Lets the caller run a launcher, which waits for what it has to do. Other things can be done
   * meanwhile: its start takes as long as planning does.
   *
   * @param kept how many descriptors from number 3 on the program keeps
   */
  public Begun begin(Guest.Host host, int kept) {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    try (Fd other = pair.other()) {
      host.launch(program, other, kept);
      return new Begun(host, new Control(pair.socket()));
    }
  }

  /** A launcher that waits. Unless it is used, it ends when this is closed. */
  public static final class Begun implements AutoCloseable {
    private final Guest.Host host;
    private final Control control;
    private boolean used;

    private Begun(Guest.Host host, Control control) {
      this.host = host;
      this.control = control;
    }

    private Control use() {
      used = true;
      return control;
    }

    @Override
    public void close() {
      if (!used) {
        control.close();
      }
    }
  }

  /**
   * Makes a container and lets its program run, or wait at its barrier.
   *
   * @param born puts the init half into its control group, where a scope of systemd does that
   * @param meanwhile what the caller of this does while the launcher works
   */
  public Started launch(
      Begun begun, Bundle bundle, List<Client> clients, IntConsumer born, Runnable meanwhile) {
    Optional<String> base = begun.host.sharesIds() ? mounts.get() : Optional.empty();
    KnownBundles.Planned plan =
        facts.authority().isRoot()
            ? known.plan(bundle, base, () -> planned(bundle, base))
            : planned(bundle, base); // who he may map is looked up each time
    AsWritten written = bundle.asWritten().orElseThrow();
    Cgroups cgroups = new Cgroups(facts.cgroups());
    if (written.scope().isEmpty()) {
      cgroups.prepare(written.cgroup());
    }
    Guest guest = bundle.stdio().guest().orElseThrow();
    HookRunner hooks = new HookRunner(bundle, begun.host.environment());
    return launch(
        begun,
        guest,
        launch -> {
          launch.noting(plan.notices());
          Between between =
              new Between(
                  pid -> {
                    born.accept(pid);
                    cgroups.prepareRest(written.cgroup());
                  },
                  pid -> mapIds(pid, bundle),
                  meanwhile);
          send(launch, plan.segments(), between, hooks);
        },
        started -> {
          if (guest.barrier().isEmpty()) {
            started(hooks, started);
          }
        },
        clients);
  }

  private KnownBundles.Planned planned(Bundle bundle, Optional<String> mounts) {
    LaunchPlan plan = plan(bundle);
    Authority who = entered(bundle);
    Segment base = GuestSegments.base(mounts, who);
    boolean detached = bundle.stdio().guest().orElseThrow().detached();
    return new KnownBundles.Planned(
        encoded(GuestSegments.of(plan.segments(), detached, Optional.of(base), who)),
        plan.notices().stream().filter(BundleRules::concerns).toList(),
        mounts);
  }

  /** What the engine does in between, with the pid of the init half, and that of the launcher. */
  private record Between(IntConsumer born, IntConsumer entered, Runnable meanwhile) {
    static final Between NOTHING = new Between(_ -> {}, _ -> {}, () -> {});
  }

  /** As whom the launcher makes the container. */
  private Authority entered(Bundle bundle) {
    Authority who = facts.authority();
    return who.kind() == Authority.Kind.USER
        ? UserPlanner.inside(new Wanted(bundle, facts)).facts().authority()
        : who;
  }

  private void mapIds(int pid, Bundle bundle) {
    Wanted wanted = new Wanted(bundle, facts);
    if (wanted.own(Namespace.Type.USER)) {
      Linux linux = wanted.linux();
      UserIds.map(pid, linux.uidMappings(), linux.gidMappings(), facts.authority());
    }
  }

  private static List<EncodedSegment> encoded(List<Segment> segments) {
    return segments.stream().map(EncodedSegment::of).toList();
  }

  /** Hooks run when everything is mounted; without any, the launcher is not kept waiting. */
  private static void send(
      Launch launch, List<EncodedSegment> segments, Between between, HookRunner hooks) {
    int awaited = sendAllButLast(launch, segments, between);
    if (!hooks.atCreation()) {
      launch.send(segments.getLast());
    }
    between.meanwhile().run();
    if (hooks.atCreation()) {
      hooks.create(awaitAll(launch, awaited));
      launch.send(segments.getLast());
    }
  }

  /**
   * Nobody is waited for but where somebody has to act in between; how many answers are to come.
   */
  private static int sendAllButLast(Launch launch, List<EncodedSegment> segments, Between between) {
    int sent = 0;
    for (EncodedSegment each : segments.subList(0, segments.size() - 1)) {
      launch.send(each);
      sent++;
      String name = each.segment().name();
      if (name.equals(UserPlanner.USERS)) {
        between.entered().accept(launch.awaitAnswer(Control.DONE).b());
        sent = 0;
      } else if (name.equals(LaunchPlan.BIRTH)) {
        between.born().accept(awaitAll(launch, sent));
        sent = 0;
      }
    }
    return sent;
  }

  /** The pid of the init half. */
  private static int awaitAll(Launch launch, int answers) {
    int pid = 0;
    for (int i = 0; i < answers; i++) {
      pid = launch.awaitDone();
    }
    return pid;
  }

  /** A hook that fails now ends a program that runs already. */
  private static void started(HookRunner hooks, Started started) {
    try {
      hooks.started(started.pid());
    } catch (LaunchException e) {
      try (Pidfd process = Pidfd.of(started.pid(), started.process())) {
        process.signal(KILL);
        process.await();
      }
      throw e;
    }
  }

  /** Runs another program in a container whose init is {@code target}. */
  public Started exec(
      Begun begun,
      Pidfd target,
      Bundle bundle,
      Process process,
      Stdio stdio,
      List<Path> groups,
      List<Client> clients) {
    Path root = Path.of("/proc", Integer.toString(target.pid()), "root");
    Process whole = WrittenEnvironment.complete(process, root);
    Segment segment = new ExecPlanner(target.pid(), bundle, whole, stdio, facts, groups).plan();
    Guest guest = stdio.guest().orElseThrow();
    List<EncodedSegment> segments =
        encoded(
            GuestSegments.of(
                List.of(segment), guest.detached(), Optional.empty(), facts.authority()));
    return launch(
        begun,
        guest,
        launch -> {
          launch.entering(target.fd());
          sendAllButLast(launch, segments, Between.NOTHING);
          launch.send(segments.getLast());
        },
        _ -> {},
        clients);
  }

  private Started launch(
      Begun begun,
      Guest guest,
      Consumer<Launch> sending,
      Consumer<Started> then,
      List<Client> clients) {
    Control control = begun.use();
    Launch launch =
        new Launch(control, programs)
            .mapping(new WrittenLaunch.UserNamespaces(launchers, programs)::make);
    try {
      clients.forEach(client -> client.attachTo(control));
      sending.accept(launch);
      Started started = guest.detached() ? detached(control, launch) : attended(launch);
      then.accept(started);
      return started;
    } catch (LaunchException | SyscallException e) {
      control.close();
      throw e instanceof LaunchException
          ? e
          : new LaunchException(LaunchException.Kind.FAILED, e.getMessage());
    } catch (RuntimeException e) {
      control.close();
      throw e;
    } finally {
      launch.forgetErrors();
    }
  }

  private static Started detached(Control control, Launch launch) {
    Control.Answer started = launch.awaitAnswer(Control.STARTED);
    while (control.receive().isPresent()) {} // until the launcher is gone
    control.close();
    return new Started(
        started.a(), started.descriptor().orElseThrow(), launch.notices(), Optional.empty());
  }

  private static Started attended(Launch launch) {
    ContainerProcess process = launch.awaitStarted(Optional.empty());
    return new Started(
        process.pid(), process.handle().duplicate(), process.notices(), Optional.of(process));
  }

  /** Brings a container back; returns when it goes on. */
  public Started restore(
      Begun begun, Bundle bundle, Restore restore, List<Client> clients, IntConsumer born) {
    Wanted wanted = new Wanted(bundle, facts);
    AsWritten written = bundle.asWritten().orElseThrow();
    Cgroups cgroups = new Cgroups(facts.cgroups());
    if (written.scope().isEmpty()) {
      cgroups.prepare(written.cgroup());
    }
    Restore.join(restore.options(), wanted);
    Restore.place(restore.options(), wanted);
    Guest guest = bundle.stdio().guest().orElseThrow();
    List<EncodedSegment> segments =
        encoded(
            GuestSegments.of(
                new RestorePlanner(wanted, restore.criu().path(), restore.place()).plan(),
                guest.detached(),
                Optional.empty(),
                facts.authority()));
    Between between =
        new Between(
            pid -> {
              born.accept(pid);
              cgroups.prepareRest(written.cgroup());
            },
            _ -> {},
            () -> {});
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    Control control = begun.use();
    Launch launch = new Launch(control, programs);
    try (CriuSession session = new CriuSession(pair.socket())) {
      clients.forEach(client -> client.attachTo(control));
      try (Fd other = pair.other()) {
        launch.entering(other);
        sendAllButLast(launch, segments, between);
        launch.send(segments.getLast());
        Control.Answer started = launch.awaitAnswer(Control.STARTED);
        started.descriptor().ifPresent(Fd::close);
        restore.directories().accept(started.a());
      }
      return guest.detached()
          ? restored(control, session, restore)
          : adopted(launch, control, session, restore);
    } catch (LaunchException | SyscallException | CriuException e) {
      control.close();
      throw e;
    }
  }

  /** The launcher has left already, and what CRIU makes is a child of whoever reaps its orphans. */
  private static Started restored(Control control, CriuSession session, Restore restore) {
    while (control.receive().isPresent()) {} // until the launcher is gone
    control.close();
    int pid = session.ask(CriuSession.Request.RESTORE, restore.options(), restore.listener());
    return new Started(pid, Pidfd.open(pid).fd(), List.of(), Optional.empty());
  }

  /** The launcher stays, and watches what is brought back in the place of CRIU. */
  private static Started adopted(
      Launch launch, Control control, CriuSession session, Restore restore) {
    List<Fd> terminal = new ArrayList<>();
    session.ask(
        CriuSession.Request.RESTORE,
        restore.options(),
        (stage, pid, sent) -> {
          if (stage.equals("orphan-pts-master")) {
            sent.ifPresent(master -> terminal.add(master.duplicate()));
          } else if (stage.equals("post-restore")) {
            control.send(Control.ADOPT, pid, terminal.toArray(Fd[]::new));
            terminal.forEach(Fd::close);
          }
          restore.listener().reached(stage, pid, sent);
        });
    ContainerProcess process = launch.awaitStarted(Optional.empty());
    return new Started(
        process.pid(), process.handle().duplicate(), List.of(), Optional.of(process));
  }

  /** What would have to be written to a container's groups for these limits. */
  public List<CgroupWrite> limits(Resources resources) {
    return WrittenLimits.of(resources, facts.cgroups());
  }

  /** Lets a created container's program run. False when somebody else has done that already. */
  public static boolean start(Path barrier) {
    try (SeqPacketSocket socket = SeqPacketSocket.connect(barrier.toString())) {
      return socket.receive().isPresent();
    } catch (SyscallException e) {
      return false;
    }
  }
}
