package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.process.Pidfd;
import io.kapsel.linux.socket.SeqPacketSocket;
import io.kapsel.oci.Namespace;
import io.kapsel.runtime.criu.CriuException;
import io.kapsel.runtime.criu.CriuField;
import io.kapsel.runtime.criu.CriuMessage;
import io.kapsel.runtime.criu.CriuSession;
import io.kapsel.runtime.criu.CriuSession.Request;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/** Freezes containers of the engine's own into files and brings them back, by CRIU. */
public final class Checkpoints {
  private static final int VERBOSE = 4;
  private static final int SOFT = 3;
  private static final int NEW_NETWORK = 0x40000000;

  private final HostFacts facts;
  private final DevicePrograms programs;
  private final Cgroups cgroups;
  private final Supplier<Control> launchers;

  Checkpoints(
      HostFacts facts, DevicePrograms programs, Cgroups cgroups, Supplier<Control> launchers) {
    this.facts = facts;
    this.programs = programs;
    this.cgroups = cgroups;
    this.launchers = launchers;
  }

  /** Why a container of that kind cannot be frozen, whatever it does. */
  public static Optional<String> obstacle(Bundle bundle) {
    return bundle.spec().linux().stream()
        .flatMap(linux -> linux.namespaces().stream())
        .filter(each -> each.path().isPresent())
        .filter(each -> each.type() != Namespace.Type.NETWORK)
        .findFirst()
        .map(each -> "it shares the %s namespace of another container".formatted(each.type()));
  }

  /** Why this one cannot be frozen while its programs are what they are. */
  public Optional<String> obstacle(Bundle bundle, ContainerProcess process) {
    List<Integer> pids = new LiveGroups(facts.cgroups(), bundle.id()).processes();
    return new NestedNamespaces(Path.of("/proc")).obstacle(process.pid(), pids);
  }

  /** What has to be known of a running container, beside images, to bring it back. */
  public Frozen describe(Bundle bundle, ContainerProcess process, boolean connections) {
    Map<String, String> mounts = new LinkedHashMap<>();
    External.places(new Wanted(bundle, facts), rootOf(process), mounts::put);
    return new Frozen(mounts, FrozenStreams.of(process.pid()), connections);
  }

  private static String rootOf(ContainerProcess process) {
    return "/proc/" + process.pid() + "/root";
  }

  /** Copies the memory of a container that goes on, ahead of the rest. */
  public void copyAhead(
      CriuProgram criu, Bundle bundle, ContainerProcess process, Frozen frozen, Freezing how) {
    freeze(criu, Request.PRE_DUMP, bundle, process, frozen, how, () -> {});
  }

  /**
   * Freezes a container.
   *
   * @param frozenNow is done when all is in the files and the container stands still; when it
   *     fails, the container goes on
   */
  public void freeze(
      CriuProgram criu,
      Bundle bundle,
      ContainerProcess process,
      Frozen frozen,
      Freezing how,
      Runnable frozenNow) {
    freeze(criu, Request.DUMP, bundle, process, frozen, how, frozenNow);
  }

  private void freeze(
      CriuProgram criu,
      Request request,
      Bundle bundle,
      ContainerProcess process,
      Frozen frozen,
      Freezing how,
      Runnable frozenNow) {
    CriuMessage message = common(bundle, how.log(), frozen.connections());
    try (Fd images = directory(how.images());
        Fd work = directory(how.work())) {
      message
          .number(CriuField.IMAGES, images.number())
          .number(CriuField.WORK, work.number())
          .number(CriuField.PID, process.pid())
          .flag(CriuField.NOTIFY, true)
          .flag(CriuField.LEAVE_RUNNING, how.leaveRunning())
          .flag(CriuField.FILE_LOCKS, how.locks())
          .flag(CriuField.TRACK_MEMORY, request == Request.PRE_DUMP || how.parent().isPresent());
      how.parent().ifPresent(parent -> message.text(CriuField.PARENT, parent));
      frozen.mounts().values().forEach(place -> external(message, place, place));
      masked(bundle, process).forEach(place -> external(message, place, place));
      External.namespaces(bundle).values().forEach(it -> message.text(CriuField.EXTERNAL, it));
      freezer(bundle).ifPresent(group -> message.text(CriuField.FREEZER, group.toString()));
      criu.dump(
          request,
          message,
          (stage, pid, sent) -> {
            how.told().reached(stage, pid, sent);
            if (stage.equals("post-dump")) {
              frozenNow.run();
            }
          });
    } catch (CriuException e) {
      throw new CriuException(criu.explain(e, how.log()));
    }
  }

  private List<String> masked(Bundle bundle, ContainerProcess process) {
    return External.maskedFiles(new Wanted(bundle, facts), rootOf(process));
  }

  private Optional<Path> freezer(Bundle bundle) {
    LiveGroups groups = new LiveGroups(facts.cgroups(), bundle.id());
    return groups.v1("freezer").or(groups::unified);
  }

  private CriuMessage common(Bundle bundle, Path log, boolean connections) {
    CriuMessage message =
        new CriuMessage()
            .number(CriuField.LOG_LEVEL, VERBOSE)
            .text(CriuField.LOG_FILE, String.valueOf(log.getFileName()))
            .flag(CriuField.CONNECTIONS, connections)
            .flag(CriuField.REMAP, true)
            .flag(CriuField.ORPHANS, true)
            .flag(CriuField.CGROUPS, true)
            .number(CriuField.CGROUP_MODE, SOFT);
    if (new Wanted(bundle, facts).own(Namespace.Type.NETWORK)) {
      message.number(CriuField.EMPTY, NEW_NETWORK); // the engine makes it
    }
    return message;
  }

  private static void external(CriuMessage message, String name, String value) {
    message.message(CriuField.EXTERNAL_MOUNT, new CriuMessage().text(1, name).text(2, value));
  }

  private static Fd directory(Path path) {
    return Open.path(path.toString(), OpenFlags.READ | OpenFlags.DIRECTORY);
  }

  /**
   * How a container is brought back.
   *
   * @param images where the images are
   * @param work a directory for what CRIU writes besides
   * @param table a directory that CRIU sees something else in
   * @param networked joins the networks, of a first process with that pid
   * @param told hears of the stages; what it throws ends it
   */
  public record Return(
      Frozen frozen,
      Path images,
      Path work,
      Path table,
      IntConsumer networked,
      CriuSession.Listener told) {
    /** The file that CRIU writes. */
    Path log() {
      return work.resolve("restore.log");
    }
  }

  /** Brings a container back; returns when it goes on. */
  public ContainerProcess restore(
      CriuProgram criu, Bundle bundle, Return how, List<Client> clients) {
    Wanted wanted = new Wanted(bundle, facts);
    ReturnPlanner planner = new ReturnPlanner(wanted, criu, how.table());
    Control control = launchers.get();
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    try (CriuSession session = new CriuSession(pair.socket())) {
      Launch launch =
          new Launch(control, programs)
              .mapping(new WrittenLaunch.UserNamespaces(launchers, programs)::make);
      try (Fd other = pair.other()) {
        launch.entering(other);
        clients.forEach(each -> each.attachTo(control));
        launch.send(planner.plan());
      }
      Control.Answer started = launch.awaitAnswer(Control.STARTED);
      started.descriptor().ifPresent(Fd::close);
      restore(control, session, wanted, planner, how, started.a());
      return launch.awaitStarted(Optional.of(bundle.runDirectory().resolve("exit")));
    } catch (CriuException e) {
      throw undone(control, bundle, new CriuException(criu.explain(e, how.log())));
    } catch (RuntimeException e) {
      throw undone(control, bundle, e);
    }
  }

  private RuntimeException undone(Control control, Bundle bundle, RuntimeException failure) {
    control.close();
    try {
      cgroups.remove(bundle.id());
    } catch (LaunchException e) {
      failure.addSuppressed(e);
    }
    return failure;
  }

  /** CRIU knows directories by way of its own root: it mounts in them. */
  private void restore(
      Control control,
      CriuSession session,
      Wanted wanted,
      ReturnPlanner planner,
      Return how,
      int criu) {
    CriuMessage message = common(wanted.bundle(), how.log(), how.frozen().connections());
    String seen = "/proc/" + criu + "/root";
    try (Fd images = directory(Path.of(seen + how.images()));
        Fd work = directory(Path.of(seen + how.work()))) {
      message
          .number(CriuField.IMAGES, images.number())
          .number(CriuField.WORK, work.number())
          .flag(CriuField.NOTIFY, true)
          .flag(CriuField.SIBLING, true)
          .flag(CriuField.FILE_LOCKS, true)
          .text(CriuField.ROOT, planner.root().toString());
      planner.sources(how.frozen()).forEach((name, source) -> external(message, name, source));
      FrozenStreams.inherit(message, how.frozen().streams());
      Restore.join(message, wanted);
      Restore.place(message, wanted);
      List<Fd> terminal = new ArrayList<>();
      session.ask(
          Request.RESTORE,
          message,
          (stage, pid, sent) -> {
            how.told().reached(stage, pid, sent);
            switch (stage) {
              case "setup-namespaces" -> network(wanted, how, pid);
              case "orphan-pts-master" ->
                  sent.ifPresent(master -> terminal.add(master.duplicate()));
              case "post-restore" -> {
                control.send(Control.ADOPT, pid, terminal.toArray(Fd[]::new));
                terminal.forEach(Fd::close);
              }
              default -> {}
            }
          });
    }
  }

  private void network(Wanted wanted, Return how, int pid) {
    if (!wanted.own(Namespace.Type.NETWORK)) {
      return;
    }
    Control control = launchers.get();
    try (Pidfd process = Pidfd.open(pid)) {
      Launch launch = new Launch(control, programs).entering(process.fd());
      launch.send(ReturnPlanner.network(wanted));
      int _ = launch.awaitDone();
    } catch (SyscallException e) {
      throw new LaunchException(LaunchException.Kind.FAILED, e.getMessage());
    } finally {
      control.close();
    }
    how.networked().accept(pid);
  }
}
